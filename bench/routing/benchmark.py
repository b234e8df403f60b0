"""One routing decision, with few and with many customers."""

from harness.section import Section, Series

CUSTOMERS = (10, 1_000, 10_000)
ROUTES = 1_000
WORDS = {"equality": "equality", "presence": "equality and presence", "regex": "equality and a regular expression",
         "names": "presence of another attribute in each route"}


def measure(context):
    decisions = context.amount(1_000_000, 5_000)
    kinds = ("equality", "presence", "regex", "names")
    section = Section(f"`decide()` for messages whose route is among the last of {ROUTES:,}, with conditions on `from`, on one of the flows, "
                      "and as each row says, beside three routes of every customer's own that do not match; processor time of one "
                      "thread, the plan with its filled templates included.")

    def side(kind, customers):
        many = decisions // 10 if kind == "names" else decisions
        return lambda number: context.measure("bench-routing", kind=kind, customers=customers, routes=ROUTES, decisions=many)

    reports = context.alternate({(kind, customers): side(kind, customers) for kind in kinds for customers in CUSTOMERS})
    medians = {}
    for (kind, customers), found in reports.items():
        medians[kind, customers] = section.row(f"{WORDS[kind]}, {customers:,} customers", "µs/decision", Series.of(found, "microseconds"))
    for kind in ("equality", "presence"):
        most = max(medians[kind, customers] for customers in CUSTOMERS)
        section.verdict(f"{WORDS[kind]}, {CUSTOMERS[0]} to {CUSTOMERS[-1]:,} customers", "< 2 µs", f"{most:.2f} µs", most < 2)
        growth = medians[kind, CUSTOMERS[-1]] / medians[kind, CUSTOMERS[0]]
        section.verdict(f"{WORDS[kind]}: {CUSTOMERS[-1]:,} customers beside {CUSTOMERS[0]}", "flat (≤ 1.25)", f"{growth:.2f}", growth <= 1.25)
    section.note("A regular expression runs only on what equality and presence leave: its rows are the price of one expression that runs. The last "
                 f"rows are no table that anybody has: {ROUTES:,} attribute names, each asked for by one route; no target is set for them.")
    return section
