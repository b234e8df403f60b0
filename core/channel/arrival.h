// What a channel hands to the intake. Everything in an Arrival is one transaction.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/channel/verdict.h"
#include "core/message/message.h"

namespace sluis {

// Who handed it in, as far as the channel knows. Demultiplexing by content comes after (intake).
struct AccountRef {
  std::string channel;
  std::string customer;         // empty: the intermediary's own account, or not known
  bool submission = false;      // true: a customer's own submission (no route: refused at the door); false: from an authority (no route: held, incident)
};

// The channel's own key for "this very thing again": (mailbox, UIDL), (folder, name, mtime, inode), an idempotency key.
struct DedupeKey {
  std::string text;
  bool operator==(const DedupeKey&) const = default;
};

// "This is the acknowledgment, answer or DSN for …". Noted adds to the timeline and changes no state (a DSN `delayed`).
struct Noted {
  std::string text;
};
struct Settlement {
  std::variant<Reference, DeliveryId> target;
  std::variant<Delivered, Rejected, Noted> verdict;
};

// Owed to the peer, not routed (an ebMS Acknowledgment); kept with the dedupe key and given again on a duplicate.
struct Reply {
  std::string kind;
  std::string bytes;
};

// One write to the channel's durable key/value state; no value: the key is removed.
struct StateWrite {
  std::string key;
  std::optional<std::string> value;
};

struct Arrival {
  Parts parts;
  Attributes attributes;                  // what the channel knows: mail.from, file.name, …
  AccountRef from;
  std::optional<DedupeKey> key;
  std::vector<Reference> references;      // keys this message carries
  std::vector<Settlement> settles;
  std::vector<Reply> responses;
  std::vector<StateWrite> state;          // cursors
  std::string quarantine;                 // not empty: poison; stored raw and held with this reason, an incident opened
};

struct Accepted {
  MessageId id;
  bool duplicate = false;                 // the key was known: id is the first one's
  bool same_bytes = true;                 // for a duplicate: whether the bytes are the first one's
  std::vector<Reply> responses;           // the arrival's own, or for a duplicate the first one's
};

// Why the door stayed shut. `temporary`: the sender should come again (SMTP 452, HTTP 503); else it is final (550, 4xx).
struct Refusal {
  Error error;             // "intake.unrouted", "intake.duplicate", "store.full", "store.down", "intake.invalid", "intake.quota"
  bool temporary = false;
  std::optional<Duration> retry_after = {};  // temporary: when it is worth coming again (HTTP Retry-After)
};

using IntakeResult = std::variant<Accepted, Refusal>;
// Called once, on any thread, after the commit (or the refusal); a refusal may come before accept() has returned, so no lock
// is held over accept(). Must not block. After a crash it never comes: what was handed in is handed in again, under its key.
using IntakeCallback = std::function<void(IntakeResult)>;

}  // namespace sluis
