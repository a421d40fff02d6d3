"""Figures printed in papers, a YAML file a table: facts with their paper and table, digits as printed.

Read by `autofas.evaluation.paper_tables`; compared with ours by `autofas table`, checked by
`autofas check-table`.
"""
