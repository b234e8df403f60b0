#!/usr/bin/env python3
"""kill -9 under load, then three ledgers compared: what the customers handed in, what the gateway says, what the other side has.

Folder → SMTP → POP3 → folder. The promise that is tested: what was accepted is delivered at least once, under one Message-ID;
a second copy has a reason on the timeline; every answer comes to its own customer, once.
  SLUIS_KILLS    kills at least (ci 50, long 500)
  SLUIS_SECONDS  the time there is, from tests/budgets
  SLUIS_SEED     of everything that is drawn here
"""

import collections
import hashlib
import json
import os
import random
import statistics
import threading
import time
import unittest

import harness
from harness import declaration, until

LONG = os.environ.get("SLUIS_PROFILE", "ci") == "long"
KILLS = int(os.environ.get("SLUIS_KILLS", "500" if LONG else "50"))
SECONDS = float(os.environ.get("SLUIS_SECONDS", "3600" if LONG else "240"))
SEED = int(os.environ.get("SLUIS_SEED", random.SystemRandom().randrange(1 << 32)))

RULES = ("msa:dot:lost250@0.1", "msa:dot:close@0.02", "msa:rcpt:451@0.02", "msa:slow:20000@0.1", "pop3:slow:20000@0.1", "pop3:retr:close@0.02",
         "pop3:quit:lost@0.1", "pop3:quit:close@0.05")
CUSTOMERS = ("acme", "bolt", "coil", "dune", "edam")
BACKLOG_MOST = 200   # files that wait in the folders: the load follows what the machine can carry


def digest(payload):
    return hashlib.sha256(payload).hexdigest()


class Feeder(threading.Thread):
    """Hands numbered declarations in, and keeps the ledger of them: (customer, file name) → (document, digest)."""

    def __init__(self, site, rng):
        super().__init__(daemon=True)
        self.site, self.rng = site, rng
        self.ledger = {}
        self.ended = threading.Event()
        self.failure = None

    def run(self):
        try:
            while not self.ended.wait(self.rng.uniform(0.005, 0.1)):
                if sum(len(os.listdir(c.out)) for c in self.site.customers.values()) < BACKLOG_MOST:
                    self.hand_in()
        except OSError as error:
            self.failure = error

    def hand_in(self):
        number = len(self.ledger) + 1
        customer = self.rng.choice(list(self.site.customers.values()))
        # One in twenty is larger than what lies in the store's segments, and goes through a spool file.
        payload = declaration(customer.edi, f"R{number:07}", f"DOC{number:07}", 180 if self.rng.random() < 0.05 else self.rng.randrange(4))
        name = f"{number:07}.edi"
        self.ledger[customer.name, name] = (f"DOC{number:07}", digest(payload))
        customer.drop(name, payload)

    def finish(self):
        self.ended.set()
        self.join()
        if self.failure:
            raise self.failure


class Kill(harness.EndToEnd):
    def live(self, rng, deadline):
        """Lets the gateway live for a while that is drawn, and kills it. Its seconds from start to answer; none: killed before."""
        gateway = self.place.gateway
        begun = time.monotonic()
        gateway.begin()
        if rng.random() < 0.2:   # in the middle of starting
            time.sleep(rng.uniform(0, 0.3))
            gateway.kill()
            return None
        gateway.wait_until_up()
        up = time.monotonic() - begun
        time.sleep(min(rng.uniform(0.1, 2.0), max(0.0, deadline - time.monotonic())))
        if rng.random() < 0.4:
            self.wait_for_a_retrieval(rng)
        gateway.kill()
        return up

    def wait_for_a_retrieval(self, rng):
        """Until a mail has just been handed out by POP3, at most two seconds: the kill then falls between RETR and QUIT."""
        end = time.monotonic() + 2
        with open(self.place.sandbox.state / "ledger.jsonl", encoding="utf-8") as ledger:
            ledger.seek(0, os.SEEK_END)
            while time.monotonic() < end:
                if '"retrieved"' in ledger.read():
                    time.sleep(rng.uniform(0, 0.02))
                    return
                time.sleep(0.002)

    def open_deliveries(self):
        status = self.place.gateway.ask("status")
        return {(q["channel"], q["state"]): q["count"] for q in status["queues"] if q["state"] in ("queued", "sending", "awaiting", "blocked")}

    def unsettled(self, feeder):
        """What still has to happen before the ledgers can be compared; nothing: None."""
        in_folders = sum(1 for c in self.place.customers.values() for f in c.out.iterdir() if f.is_file())
        if in_folders:
            return f"{in_folders} files in the folders"
        if left := self.open_deliveries():
            return f"deliveries {left}"
        events = self.place.sandbox.ledger()
        answered = collections.Counter(e["mail"] for e in events if e["event"] == "answered")
        missing = [e["mail"] for e in events if e["event"] == "received" and not e["duplicate"] and answered[e["mail"]] < 2]
        if missing:
            return f"answers of {len(missing)} mails"
        waiting = sum(1 for _ in (self.place.sandbox.state / "maildrops").rglob("*.eml"))
        if waiting:
            return f"{waiting} mails in the mailboxes"
        reports = sum(1 for c in self.place.customers.values() for f in c.answers.iterdir() if f.name.endswith(".delivered.json"))
        return None if reports >= len(feeder.ledger) else f"{len(feeder.ledger) - reports} reports"

    def test_nothing_is_lost_and_nothing_comes_twice_without_a_reason(self):
        print(f"\nseed {SEED}, {KILLS} kills at least, in {SECONDS:.0f} s", flush=True)
        begun = time.monotonic()
        rng = random.Random(SEED)
        self.place = site = self.site(customers=CUSTOMERS, rules=RULES)
        feeder = Feeder(site, random.Random(rng.random()))
        feeder.start()
        kills, starts = 0, []
        load_until = begun + SECONDS * 0.6
        while kills < KILLS or (LONG and time.monotonic() < load_until):
            self.assertLess(time.monotonic(), load_until, f"only {kills} kills in the time that there is")
            up = self.live(rng, load_until)
            starts += [up] if up is not None else []
            kills += 1
        feeder.finish()
        print(f"{kills} kills in {time.monotonic() - begun:.0f} s; {len(feeder.ledger)} messages handed in; now they drain", flush=True)
        site.sandbox.order("behave")
        site.gateway.start()
        until(lambda: self.unsettled(feeder) is None, lambda: f"everything to settle: {self.unsettled(feeder)}; {site.gateway.last_words()}",
              begun + SECONDS * 0.9 - time.monotonic())

        print(f"drained after {time.monotonic() - begun:.0f} s", flush=True)
        duplicates = self.compare(feeder)
        self.assertEqual(site.gateway.verify()["findings"], [])
        events = collections.Counter(e["event"] for e in site.sandbox.ledger())
        print(f"{kills} kills, {len(feeder.ledger)} messages, 0 lost, {duplicates} duplicates, each in doubt on its timeline; "
              f"{events['answered']} answers, 0 lost, each once, {events['retrieved'] - events['answered']} of them fetched again; "
              f"start to answer: median {statistics.median(starts):.2f} s, longest {max(starts):.2f} s", flush=True)
        self.assertGreater(len(feeder.ledger), KILLS, "that was no load")
        self.assertLess(statistics.median(starts), 5)

    def compare(self, feeder):
        """The ledgers; the number of duplicates, each of which has its reason."""
        site = self.place
        stored = collections.defaultdict(list)
        for message in site.gateway.messages("--from", "drop"):
            stored[message["customer"], message["attributes"]["file.name"]].append(message)
        self.assertEqual(sorted(set(feeder.ledger) - set(stored)), [], "handed in, gone from the folder and not in the store: LOST")
        self.assertEqual(sorted(set(stored) - set(feeder.ledger)), [], "in the store, and nobody handed it in")
        self.assertEqual([k for k, found in stored.items() if len(found) != 1], [], "one file, several messages")
        received = collections.defaultdict(list)
        for event in site.sandbox.ledger("received"):
            received[event["message_id"].strip("<>")].append(event)

        owner, doubtful = {}, []
        for key, (message,) in stored.items():
            document, payload = feeder.ledger[key]
            delivery = self.sole(message["deliveries"], key)
            identity = delivery["identity"].strip("<>")
            self.assertEqual((delivery["state"], message["parts"][0]["sha256"]), ("delivered", payload), key)
            copies = received.pop(identity, [])
            self.assertTrue(copies, f"delivered, and the other side does not have it: {key} {document} LOST")
            self.assertEqual({(c["payload_sha256"], c["account"]) for c in copies}, {(payload, key[0])}, f"{key}: what arrived is not what was handed in")
            for copy in copies:
                owner[copy["mail"]] = key[0]
            if len(copies) > 1:
                doubtful.append((key, message["message"], len(copies)))
        self.assertEqual(sorted(received), [], "the other side has mails that are nobody's: a second Message-ID")
        for key, message, copies in doubtful:
            timeline = site.gateway.show(message)[0]["timeline"]
            reasons = [e for e in timeline if e.get("details", {}).get("in-doubt")]
            self.assertGreaterEqual(len(reasons), copies - 1, f"{key} came {copies} times and the timeline does not say why: {timeline}")
        self.compare_answers(owner)
        return sum(copies - 1 for _, _, copies in doubtful)

    def compare_answers(self, owner):
        sent = collections.defaultdict(collections.Counter)
        for event in self.place.sandbox.ledger("answered"):
            sent[owner[event["mail"]]][event["payload_sha256"]] += 1
        for name, customer in self.place.customers.items():
            found = collections.Counter(digest(text) for text in customer.replies().values())
            self.assertEqual(found - sent[name], collections.Counter(), f"{name} has answers twice, or another's")
            self.assertEqual(sent[name] - found, collections.Counter(), f"answers that {name} never got: LOST")
            reports = collections.Counter(json.loads(t)["file"] for n, t in customer.found(".delivered.json").items())
            self.assertEqual([f for f, n in reports.items() if n != 1], [], f"reports of {name}")


if __name__ == "__main__":
    unittest.main(verbosity=2)
