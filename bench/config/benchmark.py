"""Checking and loading a folder of customer files, beside yaml-cpp alone reading the same files."""

import json

from harness.section import Section, Series


def write_folder(folder, customers):
    """A broker's configuration: two channels, a policy, a table, and one file a customer."""
    for name in ("channels", "customers"):
        (folder / name).mkdir()
    text = lambda name, words: (folder / name).write_text(words, encoding="utf-8")
    text("gateway.yaml", f"gateway: {{ name: broker-nl-1, data: {json.dumps(str(folder / 'data'))} }}\n")
    text("channels/drop.yaml", "channel: drop\nadapter: directory\nenvironment: test\n")
    text("channels/digipoort.yaml", "channel: digipoort\nadapter: digipoort\nenvironment: test\n"
                                    "submit: { host: msa.example }\nretrieve: { host: pop.example }\n")
    text("policies.yaml", "policies:\n  - policy: customs\n    expire: 5d\n    report: [rejected, expired]\n")
    text("routes.yaml", "routes:\n  - route: export declarations to Customs\n    when: { from: drop, flow: douane/uitvoer }\n"
                        "    send: { to: digipoort, recipient: \"uitvoer@douane.example\" }\n    policy: customs\n"
                        "  - route: answers back to their customer\n    when: { from: digipoort }\n    send: { to: customer }\n")
    for number in range(customers):
        text(f"customers/customer-{number:05}.yaml", f"""\
customer: customer-{number:05}
name: Customer Number {number} B.V.
identifiers: {{ kvk: "{10_000_000 + number}", eori: NL{100_000_000 + number}, edi: "{8_712_345_000_000 + number}" }}
accounts:
  digipoort: {{ username: user-{number:05}, password: "${{env:PATH}}", mailbox: customer-{number:05}@mail.example }}
  drop: {{ pickup: /srv/customers/{number:05}/out, deliver: /srv/customers/{number:05}/in }}
return: [drop]
""")


def measure(context):
    customers = context.amount(10_000, 200)
    folder = context.fresh("config")
    write_folder(folder, customers)
    section = Section(f"{customers:,} customer files of some 400 octets, in the page cache. *Ours* reads, checks and links the whole folder as `sluis check` "
                      "and a reload do; *bare* is yaml-cpp's `LoadFile` of the customer files alone. One process, one thread.")
    side = lambda mode: lambda number: context.measure("bench-config", mode, folder=folder, adapters=context.adapters)
    side("parse")(0)   # fills the page cache
    reports = context.alternate({mode: side(mode) for mode in ("load", "parse")})
    if any(report["customers"] != customers for found in reports.values() for report in found):
        raise RuntimeError("not every customer file was read")
    section.row("check and load", "s", Series.of(reports["load"], "seconds"))
    section.row("bare yaml-cpp", "s", Series.of(reports["parse"], "seconds"))
    # Both do nothing but compute, on one thread: processor time is what they cost, whatever else the machine does.
    ours = section.row("check and load, processor time", "s", Series.of(reports["load"], "cpu_seconds"))
    bare = section.row("bare yaml-cpp, processor time", "s", Series.of(reports["parse"], "cpu_seconds"))
    section.verdict(f"check + load of {customers:,} customer files beside bare yaml-cpp", "≤ 1.3 of the processor time", f"{ours / bare:.2f}", ours / bare <= 1.3)
    return section
