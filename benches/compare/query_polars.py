"""query_polars.py FILE LIST FORM: rows whose host is a listed domain or below one,
grouped; prints the groups and the rows. One thread."""
import os
import re
import sys

os.environ["POLARS_MAX_THREADS"] = "1"
import polars as pl  # noqa: E402

file, domains, form = sys.argv[1:]
domains = "|".join(re.escape(line) for line in open(domains).read().split())
strict = f"(?i)^(?:[a-z][a-z0-9+.-]*://)?(?:[^/?#]*\\.)?(?:{domains})(?::[0-9]+)?(?:[/?#]|$)"
columns = ["Timestamp", "DeviceId", "DeviceName", "RemoteUrl", "ReportId"]
if form == "ndjson":
    rows = pl.scan_ndjson(file)
elif form == "csv":
    rows = pl.scan_csv(file, infer_schema=False)
else:
    rows = pl.scan_csv(file, separator="\t", has_header=False, comment_prefix="#", quote_char=None, infer_schema=False)
    # Versions number columns without a header from 0 or from 1.
    names = rows.collect_schema().names()
    wanted = {0: "Timestamp", 1: "ReportId", 2: "DeviceId", 9: "RemoteUrl"}
    rows = rows.rename({names[at]: name for at, name in wanted.items()}).with_columns(pl.col("DeviceId").alias("DeviceName"))
rows = rows.select(columns).filter(pl.col("RemoteUrl").str.contains(strict))
found = (
    rows.group_by("DeviceId", "DeviceName", "RemoteUrl")
    .agg(
        pl.col("Timestamp").min().alias("first"),
        pl.col("Timestamp").max().alias("last"),
        pl.col("ReportId").unique().alias("reports"),
        pl.len().alias("count"),
    )
    .collect(engine="streaming")
)
print(found.height, found["count"].sum())
