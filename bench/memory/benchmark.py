"""What is resident, idle and with a full queue, and how long the first delivery takes after a start with a full queue."""

import importlib.util
import pathlib
import time

from harness import kernel
from harness.gateway import Gateway, Sink, until
from harness.section import Section, Series

STORE = pathlib.Path(__file__).resolve().parents[1] / "store" / "benchmark.py"
CUSTOMERS = 100   # of the store's workload


def measure(context):
    section = Section(f"VmRSS of the release gateway with every adapter loaded: idle, and with {context.stored:,} deliveries queued, all due, to one "
                      f"destination for {CUSTOMERS} customers at 50 a second, {context.amount(10, 1)} s after the first. The page cache is warm.")
    store = _store_benchmark().filled(context, queued=True)
    reports = context.alternate({"idle": lambda number: idle(context), "queued": lambda number: queued(context, store)})
    resting = section.row("VmRSS, idle", "MiB", Series.of(reports["idle"], "rss_mib"))
    full = section.row(f"VmRSS, {context.stored:,} queued", "MiB", Series.of(reports["queued"], "rss_mib"))
    section.row(f"VmHWM, {context.stored:,} queued", "MiB", Series.of(reports["queued"], "peak_mib"))
    first = section.row(f"start with {context.stored:,} queued to the first delivery", "s", Series.of(reports["queued"], "first_seconds"))
    section.row("start to the first answer on the control socket, idle", "s", Series.of(reports["idle"], "up_seconds"))
    section.verdict("VmRSS idle, all adapters loaded", "< 40 MiB", f"{resting:.1f} MiB", resting < 40)
    section.verdict(f"VmRSS with {context.stored:,} queued", "< 200 MiB", f"{full:.1f} MiB", full < 200)
    section.verdict(f"start with {context.stored:,} queued to the first delivery", "< 5 s", f"{first:.2f} s", first < 5)
    return section


def _store_benchmark():
    spec = importlib.util.spec_from_file_location("benchmark_store", STORE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _configure(gateway, port):
    gateway.peer("digipoort", port, 20, more="per-second: 50\n")
    gateway.write("routes.yaml", "routes:\n  - route: export declarations to Customs\n    when: { from: drop }\n"
                                 "    send: { to: digipoort, recipient: \"uitvoer@douane.example\" }\n    policy: customs\n")
    for number in range(CUSTOMERS):
        gateway.customer(f"customer-{number:03}", ["digipoort"])


def idle(context):
    with Gateway(context, context.fresh("gateway") / "one") as gateway:
        _configure(gateway, 9)   # nobody is sent anything
        begun = time.monotonic()
        gateway.start()
        up = time.monotonic() - begun
        time.sleep(context.amount(3, 1))
        return {"rss_mib": kernel.resident_kib(gateway.pid) / 1024, "up_seconds": up}


def queued(context, store):
    folder = context.fresh("gateway")
    dump = folder / "mails"
    sink = Sink(dump=dump)
    try:
        with Gateway(context, folder / "one", data=store) as gateway:
            _configure(gateway, sink.port)
            begun = time.monotonic()
            gateway.start(wait=False)
            until(lambda: dump.exists() and dump.stat().st_size > 0 or gateway.process.poll() is not None,
                  lambda: f"first delivery: {gateway.log()}", every=0.002)
            first = time.monotonic() - begun
            if gateway.process.poll() is not None:
                raise RuntimeError(f"the gateway ended: {gateway.log()}")
            time.sleep(context.amount(10, 1))
            return {"first_seconds": first, "rss_mib": kernel.resident_kib(gateway.pid) / 1024, "peak_mib": kernel.peak_kib(gateway.pid) / 1024}
    finally:
        sink.stop()
