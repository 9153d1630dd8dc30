//! The list's Markdown pages: queries in fenced blocks below headings, and the
//! summary of a tool in lists below headings.

use super::block::Block;

/// A heading and what stands below it.
#[derive(Debug)]
pub(super) struct Section {
    pub(super) heading: String,
    pub(super) line: usize,
    /// The fenced block, if there is one.
    pub(super) fence: Option<Block>,
    /// The items of lists, with their lines.
    pub(super) items: Vec<(String, usize)>,
}

pub(super) fn sections(text: &str) -> Vec<Section> {
    let mut sections: Vec<Section> = vec![];
    let mut lines = text.lines().zip(1..);
    while let Some((line, number)) = lines.next() {
        if let Some(heading) = line.strip_prefix("###") {
            sections.push(Section {
                heading: heading.trim().trim_end_matches(':').to_owned(),
                line: number,
                fence: None,
                items: vec![],
            });
        } else if line.trim_start().starts_with("```") {
            let mut block = Block { first: number + 1, text: String::new() };
            for (line, _) in
                lines.by_ref().take_while(|(line, _)| !line.trim_start().starts_with("```"))
            {
                block.text.push_str(line);
                block.text.push('\n');
            }
            if let Some(section) = sections.last_mut() {
                section.fence.get_or_insert(block);
            }
        } else if let (Some(item), Some(section)) = (line.strip_prefix('-'), sections.last_mut()) {
            let item = item.trim();
            if !item.is_empty() {
                section.items.push((item.to_owned(), number));
            }
        }
    }
    sections
}
