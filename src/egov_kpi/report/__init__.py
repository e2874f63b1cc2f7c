"""The report: a static site of the publish that readers see, made after every publish. docs/reference/report.md."""
