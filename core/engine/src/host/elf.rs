//! Is it a whole shared object of this machine?
//!
//! `dlopen` of a file whose segments reach past its end does not fail, it
//! kills the process. So everything the loader will touch is checked to lie
//! inside the file first. What this cannot see (a flipped bit) only a hash
//! can.

use object::{
    Endianness,
    elf::{self, FileHeader64},
    read::elf::{Dyn as _, FileHeader as _, ProgramHeader as _, SectionHeader as _},
};

use super::{LoadError, LoadStep};

/// What a plugin may need: the C library in its parts, and the unwinder. Older
/// C libraries are split into more files.
const ALLOWED_NEEDED: &[&str] = &[
    "libc.so.6",
    "libm.so.6",
    "libgcc_s.so.1",
    "libpthread.so.0",
    "libdl.so.2",
    "librt.so.1",
    "ld-linux-x86-64.so.2",
    "ld-linux-aarch64.so.1",
];

#[cfg(target_arch = "x86_64")]
const MACHINE: elf::Machine = elf::EM_X86_64;
#[cfg(target_arch = "aarch64")]
const MACHINE: elf::Machine = elf::EM_AARCH64;
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
const MACHINE: elf::Machine = elf::EM_NONE;

const REBUILD: &str = "build it as a cdylib with remora-sdk, or copy it again";
const FOREIGN: &str = "use a build for this system";

fn refuse(why: impl Into<String>, help: &str) -> LoadError {
    LoadError::new(LoadStep::Elf, why, help)
}

/// Checks the structure of a shared object.
pub fn check(bytes: &[u8]) -> Result<(), LoadError> {
    if !bytes.starts_with(&elf::ELFMAG) {
        return Err(refuse(
            "it is not a shared object (no ELF header)",
            "name the plugin's .so file",
        ));
    }
    let cut = |what: &str| refuse(format!("it is cut short or damaged: {what}"), REBUILD);
    if bytes.len() < size_of::<FileHeader64<Endianness>>() {
        return Err(cut("the header ends early"));
    }
    if bytes[4] != elf::ELFCLASS64.0 {
        return Err(refuse("it is not a 64-bit object", FOREIGN));
    }
    let header = FileHeader64::<Endianness>::parse(bytes)
        .map_err(|error| cut(&format!("the header cannot be read ({error})")))?;
    let endian = header.endian().map_err(|_| refuse("its byte order is unknown", FOREIGN))?;
    if header.is_big_endian() != cfg!(target_endian = "big") {
        return Err(refuse("its byte order is not this machine's", FOREIGN));
    }
    let machine = header.e_machine(endian);
    if machine != MACHINE {
        return Err(refuse(
            format!("it is for machine {}, and this is {}", machine.0, MACHINE.0),
            FOREIGN,
        ));
    }
    let ty = header.e_type(endian);
    if ty != elf::ET_DYN {
        return Err(refuse(format!("it is no shared object (ELF type {})", ty.0), REBUILD));
    }
    let segments = header
        .program_headers(endian, bytes)
        .map_err(|error| cut(&format!("the program headers reach past its end ({error})")))?;
    if !segments.iter().any(|segment| segment.p_type(endian) == elf::PT_LOAD) {
        return Err(cut("nothing in it is loaded"));
    }
    for segment in segments {
        // A note or a relocation table may lie outside every loaded segment.
        let inside = segment
            .p_offset(endian)
            .checked_add(segment.p_filesz(endian))
            .is_some_and(|end| end <= bytes.len() as u64);
        if !inside {
            return Err(cut("a segment reaches past its end"));
        }
    }
    check_order(segments, endian).map_err(cut)?;
    let sections = header
        .sections(endian, bytes)
        .map_err(|error| cut(&format!("the section headers cannot be read ({error})")))?;
    for section in sections.iter() {
        if section.sh_type(endian) == elf::SHT_NOBITS {
            continue;
        }
        let inside = section
            .sh_offset(endian)
            .checked_add(section.sh_size(endian))
            .is_some_and(|end| end <= bytes.len() as u64);
        if !inside {
            return Err(cut("a section reaches past its end"));
        }
    }
    check_dynamic(bytes, endian, segments)?;
    check_root(bytes, endian, &sections)
}

/// The loader reserves memory from the first loaded segment to the end of the
/// last, and maps each in its place there: one that lies elsewhere would be
/// mapped over something of the program's own.
fn check_order(
    segments: &[elf::ProgramHeader64<Endianness>],
    endian: Endianness,
) -> Result<(), &'static str> {
    let mut last = 0;
    for segment in segments.iter().filter(|one| one.p_type(endian) == elf::PT_LOAD) {
        let (from, size) = (segment.p_vaddr(endian), segment.p_memsz(endian));
        let end = from.checked_add(size).ok_or("a segment ends past all memory")?;
        if from < last {
            return Err("its segments are not in order");
        }
        if segment.p_filesz(endian) > size {
            return Err("a segment is larger in the file than in memory");
        }
        last = end;
    }
    Ok(())
}

/// Looks at what the loader would do for it, where the loader looks: in the
/// dynamic segment. Sections may say something else, or be stripped.
fn check_dynamic(
    bytes: &[u8],
    endian: Endianness,
    segments: &[elf::ProgramHeader64<Endianness>],
) -> Result<(), LoadError> {
    let unreadable =
        |what: &str| refuse(format!("its dynamic segment cannot be read ({what})"), REBUILD);
    let mut entries = None;
    for segment in segments {
        let read = segment.dynamic(endian, bytes);
        if let Some(found) = read.map_err(|error| unreadable(&error.to_string()))?
            && entries.replace(found).is_some()
        {
            return Err(unreadable("there are two"));
        }
    }
    let entries = entries.ok_or_else(|| refuse("it has no dynamic segment", REBUILD))?;
    let entries = || entries.iter().take_while(|entry| entry.d_tag(endian) != elf::DT_NULL);
    let value = |tag| entries().find(|entry| entry.d_tag(endian) == tag).map(|e| e.d_val(endian));
    let strings = value(elf::DT_STRTAB).zip(value(elf::DT_STRSZ)).and_then(|(at, size)| {
        let loaded = segments.iter().filter(|one| one.p_type(endian) == elf::PT_LOAD);
        loaded.filter_map(|one| one.data_range(endian, bytes, at, size).ok().flatten()).next()
    });
    let strings = strings.ok_or_else(|| unreadable("its names are not in the file"))?;
    for entry in entries() {
        match entry.d_tag(endian) {
            elf::DT_NEEDED => {
                let name = usize::try_from(entry.d_val(endian))
                    .ok()
                    .and_then(|at| strings.get(at..))
                    .and_then(|rest| rest.split(|byte| *byte == 0).next())
                    .map(|name| String::from_utf8_lossy(name))
                    .unwrap_or_default();
                if !ALLOWED_NEEDED.contains(&name.as_ref()) {
                    return Err(refuse(
                        format!("it needs the library {name:?}, whose code would run unchecked"),
                        "link it statically into the plugin",
                    ));
                }
            }
            elf::DT_RPATH | elf::DT_RUNPATH => {
                return Err(refuse(
                    "it brings a search path for libraries (RPATH or RUNPATH)",
                    "build it without",
                ));
            }
            elf::DT_TEXTREL => {
                return Err(refuse("it changes its own code when loaded (TEXTREL)", REBUILD));
            }
            // Other libraries' code, before or beside the allowed ones.
            elf::DT_AUXILIARY | elf::DT_FILTER | elf::DT_AUDIT | elf::DT_DEPAUDIT => {
                return Err(refuse("it asks the loader for further libraries", REBUILD));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Looks for the exported root symbol. Where the sections are stripped, the
/// loader's own search is what tells.
fn check_root(
    bytes: &[u8],
    endian: Endianness,
    sections: &object::read::elf::SectionTable<'_, FileHeader64<Endianness>>,
) -> Result<(), LoadError> {
    if sections.is_empty() {
        return Ok(());
    }
    let symbols = sections.symbols(endian, bytes, elf::SHT_DYNSYM).map_err(|error| {
        refuse(format!("its exported symbols cannot be read ({error})"), REBUILD)
    })?;
    let root = remora_abi::note::ROOT_SYMBOL.as_bytes();
    let exported = symbols.iter().any(|symbol| {
        use object::read::elf::Sym as _;
        !symbol.is_undefined(endian)
            && symbol.name(endian, symbols.strings()).is_ok_and(|name| name == root)
    });
    if !exported {
        return Err(refuse(
            "it exports no detector (the root symbol is missing)",
            "add `remora_sdk::export_detector!(…)` to its cdylib crate",
        ));
    }
    Ok(())
}
