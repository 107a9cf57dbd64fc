"""Put evaluations, runs and costs beside each other: tables, intervals, tests, plots, pictures.

``findings`` reads, ``grouping`` puts together what may be compared, ``document`` lays everything out once as tables,
and ``as_markdown``, ``as_latex``, ``as_csv`` and ``as_html`` write that one layout.
"""
