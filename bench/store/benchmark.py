"""accept + begin + settle through the store's own interface, beside a bare SQLite program that writes the same rows and octets."""

import hashlib
import pathlib
import shutil
import sys
import time

from harness.context import run_report
from harness.section import Section, Series

HERE = pathlib.Path(__file__).resolve().parent
PRODUCERS, BODY = 64, 4096


def measure(context):
    messages, warm_up = context.amount(20_000, 200), context.amount(4_000, 30)
    section = Section(f"{PRODUCERS} producers, bodies of {BODY} octets; each message is accepted, begun and settled as delivered, each step "
                      "in a commit of its own that it shares with other messages' steps. One number is one message.")

    def sides(folder_of, first_of):
        shared = {"messages": messages, "warm_up": warm_up, "producers": PRODUCERS, "body": BODY}
        last = {}

        def store(number):
            last.update(context.measure("bench-store", "store", folder=folder_of("store"), first=first_of(number, 0), **shared))
            return dict(last)

        def bare(number):
            # As many steps in one commit as the store's own round before it had.
            per_commit = round(last["commands_per_commit"] * 1000)
            return context.measure("bench-store", "bare", folder=folder_of("bare"), first=first_of(number, 1), thousandths_per_commit=per_commit,
                                   **shared)
        return {"store": store, "bare": bare}

    empty = context.alternate(sides(lambda side: context.fresh(f"store-empty-{side}"), lambda number, side: 0))
    weights = {side: run_report([context.program("bench-store"), "weigh", "--folder", str(context.folder / f"store-empty-{side}")])
               for side in ("store", "bare")}
    # The sentence that the page makes of the bare side is true, or there is no page.
    for what, most in (("rows", 0.03), ("octets", 0.05)):
        if abs(weights["bare"][what] / weights["store"][what] - 1) > most:
            raise RuntimeError(f"the sides do not write the same {what}: {weights}")
    full_folder = filled(context)
    claim = Numbers(full_folder)
    full = context.alternate(sides(lambda side: full_folder, lambda number, side: claim.take(messages + warm_up)))

    rate = lambda report: report["messages"] / report["seconds"]
    ours = section.row("store, empty", "messages/s", Series.of(empty["store"], rate))
    bare = section.row("bare SQLite, empty", "messages/s", Series.of(empty["bare"], rate))
    ours_full = section.row(f"store, {context.stored:,} stored", "messages/s", Series.of(full["store"], rate))
    bare_full = section.row(f"bare SQLite, {context.stored:,} stored", "messages/s", Series.of(full["bare"], rate))
    for kind, reports in (("empty", empty), (f"{context.stored:,} stored", full)):
        section.row(f"wait for an accept's commit, median, {kind}", "ms", Series.of(reports["store"], "accept_p50_ms"))
        section.row(f"wait for an accept's commit, 99 of 100, {kind}", "ms", Series.of(reports["store"], "accept_p99_ms"))
    for side, name in (("store", "store"), ("bare", "bare SQLite")):
        section.row(f"processor time, {name}, empty", "µs/message", Series.of(empty[side], lambda r: r["cpu_seconds"] * 1e6 / r["messages"]))
        section.row(f"written, {name}, empty", "KiB/message", Series.of(empty[side], lambda r: r["write_bytes"] / 1024 / r["messages"]))
        section.row(f"steps in one commit, {name}, empty", "steps", Series.of(empty[side], "commands_per_commit"))
        section.row(f"flushes of the disk (whole machine), {name}, empty", "per message", Series.of(empty[side], lambda r: r["flushes"] / r["messages"]))
        syncs = count_syncs(context, side, empty)
        if syncs is not None:
            section.row(f"fsync + fdatasync, {name}, empty (strace, a run of its own)", "per message", syncs)
        section.row(f"rows written, {name}", "per message", weights[side]["rows"] / (messages + warm_up))
        section.row(f"octets in these rows, {name}", "per message", weights[side]["octets"] / (messages + warm_up))

    section.verdict("store beside bare SQLite, empty", "≥ 0.6", f"{ours / bare:.2f}", ours / bare >= 0.6)
    section.verdict(f"store beside bare SQLite, {context.stored:,} stored", "≥ 0.6", f"{ours_full / bare_full:.2f}", ours_full / bare_full >= 0.6)
    loss = 1 - ours_full / ours
    section.verdict(f"loss from empty to {context.stored:,} stored", "≤ 20 %", f"{loss:.0%}", loss <= 0.2)
    section.note("The bare program runs the store's own writing statements, recorded from it when the run begins, without those that change "
                 "nothing and with a row that is written twice in one step written once; it does no look-ups, no checksums, no hashes. "
                 f"The full store was filled through the store's own interface with messages of 64 octets, delivered; both sides go on in it.")
    return section


def count_syncs(context, side, reports):
    messages = context.amount(3_000, 100)
    folder = context.fresh(f"store-empty-{side}")
    more = {"thousandths_per_commit": round(reports["store"][-1]["commands_per_commit"] * 1000)} if side == "bare" else {}
    syncs = context.count_syncs("bench-store", side, folder=folder, messages=messages, producers=PRODUCERS, body=BODY, **more)
    return None if syncs is None else syncs / messages


def filled(context, queued=False, channel="digipoort"):
    """A store with context.stored messages, kept for later runs of the same store and workload."""
    sources = [HERE / "workload.cpp", HERE.parents[1] / "store/sqlite/schema.cpp", HERE.parents[1] / "store/sqlite/rows.cpp"]
    kind = hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()[:8]
    folder = context.folder / f"store-{'queued' if queued else 'delivered'}-{context.stored}-{kind}"
    done = folder.with_suffix(".filled")
    # Older than this, what waits in it begins to expire.
    if not done.exists() or time.time() - done.stat().st_mtime > 25 * 86_400:
        done.unlink(missing_ok=True)
        shutil.rmtree(folder, ignore_errors=True)
        print(f"   filling a store with {context.stored:,} messages", file=sys.stderr, flush=True)
        run_report([context.program("bench-store"), "prefill", "--folder", str(folder), "--messages", str(context.stored), "--body", "64",
                    "--queued", str(int(queued)), "--channel", channel])
        done.write_text("", encoding="ascii")
    return folder


class Numbers:
    """Message numbers that a kept store has not seen: the next one stands in a file beside it."""

    def __init__(self, folder):
        self.file = folder.with_suffix(".next")

    def take(self, count):
        first = int(self.file.read_text(encoding="ascii")) if self.file.exists() else 1_000_000_000
        self.file.write_text(str(first + count), encoding="ascii")
        return first
