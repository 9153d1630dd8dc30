"""query_duckdb.py FILE LIST FORM: rows whose host is a listed domain or below one,
grouped; prints the groups and the rows. One thread."""
import re
import sys

import duckdb

file, domains, form = sys.argv[1:]
domains = "|".join(re.escape(line) for line in open(domains).read().split())
strict = f"^([a-z][a-z0-9+.-]*://)?([^/?#]*\\.)?({domains})(:[0-9]+)?([/?#]|$)"
con = duckdb.connect()
con.execute("set threads = 1")
columns = ["Timestamp", "DeviceId", "DeviceName", "RemoteUrl", "ReportId"]
if form == "ndjson":
    types = ", ".join(f"{name}: 'VARCHAR'" for name in columns)
    rows = f"read_json(?, format = 'newline_delimited', columns = {{{types}}})"
elif form == "csv":
    rows = "read_csv(?, all_varchar = true, header = true)"
else:
    names = ["Timestamp", "ReportId", "DeviceId"] + [f"c{i}" for i in range(6)] + ["RemoteUrl"] + [f"d{i}" for i in range(14)]
    types = ", ".join(f"'{name}': 'VARCHAR'" for name in names)
    rows = f"""(select *, DeviceId as DeviceName from read_csv(?, delim = '\t', header = false, comment = '#',
               quote = '', escape = '', auto_detect = false, columns = {{{types}}}))"""
found = con.execute(
    f"""select DeviceId, DeviceName, RemoteUrl, min(Timestamp), max(Timestamp), list(distinct ReportId), count(*)
        from {rows} where RemoteUrl <> '' and regexp_matches(RemoteUrl, ?, 'i') group by all""",
    [file, strict],
).fetchall()
print(len(found), sum(row[-1] for row in found))
