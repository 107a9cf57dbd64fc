"""Put evaluations, runs and costs beside each other: tables, intervals, tests, plots, pictures.

``records`` reads, ``grouping`` decides what may be compared, ``document`` lays everything out once as tables,
and ``as_markdown``, ``as_latex``, ``as_csv`` and ``as_html`` write that one layout.
"""
