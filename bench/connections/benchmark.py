"""What idle connections and a dead destination do to the others."""

import socket
import time

from harness.gateway import Gateway, Sink, declaration, until
from harness.section import Section, Series

PEERS = 20


def measure(context):
    idle = context.amount(5_000, 100)
    section = Section(f"Requests over 4 kept connections to our HTTP server, with and without {idle:,} others that have asked once and stay open; and "
                      f"declarations from one folder to {PEERS} destinations in turn, all well or one of them accepting connections and never saying a "
                      "word: from received to delivered, of the other 19.")
    requests = context.amount(40_000, 400)
    side = lambda others: lambda number: context.measure("bench-connections", idle=others, requests=requests)
    http = context.alternate({"alone": side(0), "idle": side(idle)})
    _compare(section, "request beside idle connections", http, "alone", "no others", "idle", f"{idle:,} idle")

    messages = context.amount(2_000, 40)
    gateway = context.alternate({"well": lambda number: destinations(context, messages, False),
                                 "dead": lambda number: destinations(context, messages, True)})
    _compare(section, "delivery beside a dead destination", gateway, "well", "all well", "dead", "one dead")
    return section


def _compare(section, what, reports, without, without_words, beside, beside_words):
    for share in ("p50_ms", "p99_ms"):
        words = "median" if share == "p50_ms" else "99 of 100"
        for side, name in ((without, without_words), (beside, beside_words)):
            section.row(f"{what}, {words}, {name}", "ms", Series.of(reports[side], share))
    # Within the runs' own spread: the median with the disturbance is no worse than the worst run without it.
    before, after = Series.of(reports[without], "p99_ms"), Series.of(reports[beside], "p99_ms")
    section.verdict(f"99 of 100, {what}", f"within the runs' own spread (≤ {max(before.values):.3g} ms)", f"{after.median:.3g} ms",
                    after.median <= max(before.values))


def destinations(context, messages, one_dead):
    names = [f"peer-{number:02}" for number in range(PEERS)]
    sink = Sink()
    silent = socket.create_server(("127.0.0.1", 0), backlog=128)
    try:
        with Gateway(context, context.fresh("gateway") / "one") as gateway:
            for name in names:
                port = silent.getsockname()[1] if one_dead and name == names[0] else sink.port
                gateway.peer(name, port, 4)
            gateway.write("routes.yaml", "routes:\n" + "".join(
                f"  - route: to {name}\n    when: {{ from: drop, file.extension: {name} }}\n    send: {{ to: {name}, recipient: \"in@{name}.example\" }}\n"
                "    policy: customs\n" for name in names))
            gateway.customer("acme", names)
            paths = gateway.stage((f"{number}.{names[number % PEERS]}", declaration(number, 4096)) for number in range(messages))
            gateway.start()
            for path in paths:
                gateway.drop("acme", path)
                time.sleep(0.005)   # some 200 a second: load, not overload
            owed = messages - (messages // PEERS if one_dead else 0)
            until(lambda: delivered(gateway) >= owed, lambda: f"end of {owed} deliveries", every=0.5)
            waits = [delivery["wait"] for delivery in finished(gateway, messages) if delivery["channel"] != names[0]]
    finally:
        sink.stop()
        silent.close()
    waits.sort()
    return {"p50_ms": waits[len(waits) // 2], "p99_ms": waits[int(0.99 * (len(waits) - 1))]}


def delivered(gateway):
    return len(gateway.ask("messages", "--state", "delivered", "--limit", "10000")["messages"])


def finished(gateway, messages):
    """Every delivery that was delivered, with the milliseconds since its message was received."""
    moment = lambda text: float(time.strftime("%s", time.strptime(text[:19], "%Y-%m-%dT%H:%M:%S"))) * 1000 + int(text[20:23])
    for message in gateway.ask("messages", "--limit", str(min(10_000, messages + 10)))["messages"]:
        for delivery in message["deliveries"]:
            if delivery["state"] == "delivered":
                yield {"channel": delivery["channel"], "wait": moment(delivery["changed_at"]) - moment(message["received_at"])}
