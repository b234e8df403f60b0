// Every change of the store is a value (DESIGN §3.3). The writer commits many in one transaction and then calls back; a
// batch may run again, so a command has no side effect, and one refused command never fails the others.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/channel/arrival.h"
#include "core/channel/context.h"
#include "core/channel/delivery.h"
#include "core/message/message.h"
#include "core/store/gate.h"

namespace sluis {

// One line of a message's timeline, as a command adds it; the store gives it its place and its chain value.
struct TimelineEntry {
  WallTime at;
  std::string event;                    // "accepted", "routed", "attempt", "delivered", "settled", "held", …
  std::optional<DeliveryId> delivery;   // none: about the message
  std::string text;                     // one sentence for people, no secrets
  Attributes details;
};

// What the engine must look at later: durable timers, and the outbox of what a change of state owes (a report).
// A wakeup is taken by the command that acts on it (`consumes`), in that command's transaction, so each acts once.
enum class WakeupKind { expire, escalate, proof, reply, report };
SLUIS_CORE_API std::string_view to_string(WakeupKind k);
struct Wakeup {
  WallTime at;
  WakeupKind kind = WakeupKind::expire;
  int step = 0;                         // escalate: which step; report: the state's number
};
// Identifies one stored wakeup.
struct WakeupKey {
  DeliveryId delivery{};
  WakeupKind kind = WakeupKind::expire;
  int step = 0;
  bool operator==(const WakeupKey&) const = default;
};

// A delivery to be made, all decided: by routing, policy and the channel's identify().
struct NewDelivery {
  Destination destination;
  std::string customer;
  std::string route;
  std::string policy;
  Identity identity;
  Attributes options;
  std::string lane;                     // order key; empty: none
  bool lane_first = false;              // goes to the head of its lane (a replacement for a refused one)
  std::vector<Gate> gates;              // each must be open before it may leave; what has been answered already is open at once
  std::string hold;                     // not empty: starts as held, with this reason
  WallTime due_at;
  std::vector<Wakeup> wakeups;          // expire, escalate
  bool settled_by_answer = false;       // an accepted hand-over becomes awaiting until an answer settles it
  bool lane_closes_on_refusal = false;  // after-refusal: hold
  bool report = false;                  // final states owe the customer a report
};

// The business key of a duplicate: the same content or interchange reference handed in again by the same customer.
enum class DuplicateRule { accept, hold, refuse };
struct BusinessKey {
  std::string text;
  DuplicateRule rule = DuplicateRule::accept;
};

enum class IncidentAction { open, close };
struct IncidentChange {
  IncidentAction action = IncidentAction::open;
  std::string key;                      // "<channel>/<condition>"; the latch
  Severity severity = Severity::warning;
  std::string text;
  std::string channel, customer;
  std::optional<MessageId> message;
  WallTime at;
};

// Message, parts, keys, deliveries, lane tails, settlements, responses, cursors, timeline: one transaction. A message that
// is an answer opens the gates that wait for it (gate.h).
// Refused whole (nothing written) with "intake.duplicate" when a BusinessKey says refuse, "store.full" below the low-water
// mark. A known dedupe key is not an error: Accepted{duplicate}, and nothing is written, not even state or settlements.
struct Accept {
  Message message;
  std::optional<DedupeKey> dedupe;      // scoped by the store to message.from
  std::vector<BusinessKey> business;    // scoped by the store to message.customer
  std::vector<NewDelivery> deliveries;
  std::vector<Reference> references;
  std::vector<Settlement> settles;
  std::vector<Reply> responses;
  std::vector<StateWrite> state;        // of channel message.from
  std::vector<TimelineEntry> timeline;
  std::vector<IncidentChange> incidents;
  std::string held;                     // not empty: the message itself waits for a human (unrouted, quarantined); no deliveries
  std::optional<WakeupKey> consumes;    // refused with "wakeup.gone" when it is not there any more
};

// Durable just before hand-over: queued → sending. Refused with "delivery.state" when it is no longer queued (settled or
// cancelled meanwhile) and "lease.lost" when another node holds it.
struct Begin {
  DeliveryId delivery{};
  WallTime at;
};

// The end of an attempt. The engine has decided from outcome and policy what comes next; the store applies it if the
// delivery is still `sending` in this attempt, else the attempt only adds to the timeline (settlement is monotonic).
struct Finish {
  DeliveryId delivery{};
  int attempt = 0;
  WallTime at;
  DeliveryState next = DeliveryState::queued;   // queued (retry), awaiting, delivered, rejected, held
  WallTime due_at;                              // for queued
  bool in_doubt = false;                        // for queued and held
  std::string reason;                           // code and text, for people
  std::optional<Receipt> receipt;
  std::vector<Reference> learned;
  std::vector<Accept> replies;                  // stored in the same commit
  std::vector<Wakeup> wakeups;                  // proof, reply; added when `next` is applied
  std::vector<IncidentChange> incidents;
};

// Settlements without an arrival.
struct Settle {
  std::vector<Settlement> settlements;
  WallTime at;
};

// What operators (and the engine's own timers) do.
struct Operate {
  struct Release {};                            // held → queued, due now; for a held message see RouteHeld
  struct Cancel { bool handled_elsewhere = false; bool even_in_doubt = false; };   // refused with "delivery.in-doubt" unless even_in_doubt; of `sending`: "delivery.sending"
  struct Hold {};                               // queued, blocked → held
  // A new delivery of the same message to the same destination. Refused with "delivery.open" while the delivery is not
  // final; when it was resent already and that resend is still open, the answer is that one: pressed twice, it is one.
  struct Resend { std::optional<Identity> as_new; };   // none: the identity is inherited
  struct Expire {};                             // not final, not sending → expired ("delivery.sending": try again later)
  struct Requeue { WallTime due_at; };          // awaiting → queued (proof overdue, then: retry), in doubt
  struct OpenGate {};                           // opens all gates of the delivery
  struct GoOn {};                               // the lane closed by this refused delivery opens again
  struct RouteHeld { std::vector<NewDelivery> deliveries; std::string customer; };   // a held message is routed at last
  struct Note { bool once = false; };           // adds to the timeline only
  struct Consume {};                            // only takes the wakeup and opens incidents (reply overdue)

  std::variant<Release, Cancel, Hold, Resend, Expire, Requeue, OpenGate, GoOn, RouteHeld, Note, Consume> what;
  std::optional<DeliveryId> delivery;           // or:
  std::optional<MessageId> message;
  std::string by;                               // who: "operator root", "policy customs"
  std::string reason;
  WallTime at;
  std::optional<WakeupKey> consumes;
  std::vector<IncidentChange> incidents;
};

struct PutState {
  std::string channel;
  std::vector<StateWrite> writes;
};

// Renewal is taking it again with the same holder. until <= at gives it back.
struct Lease {
  std::string name;
  std::string holder;
  WallTime at;
  WallTime until;
};

// One slice of retention: bodies of settled messages older than `bodies_before`, then their metadata older than
// `metadata_before`, leaving a tombstone with the chain value; dedupe keys older than `keys_before`. At most `limit` rows.
struct Purge {
  WallTime at;
  WallTime bodies_before;
  WallTime metadata_before;
  WallTime keys_before;
  std::size_t limit = 1000;
};

// Chains the changed heads; the returned line is written to the log (DESIGN §3.3).
struct Seal {
  WallTime at;
};

using Command = std::variant<Accept, Begin, Finish, Settle, Operate, PutState, Lease, IncidentChange, Purge, Seal>;

// What a command gives back after its commit.
struct Begun { std::int64_t fencing_token = 0; int attempt = 0; bool in_doubt = false; };
struct Finished { bool applied = false; DeliveryState state = DeliveryState::queued; };   // state: what it is now
struct Settled { std::vector<Status> each; };                                             // "settle.unknown", "settle.refused"
struct Operated { std::optional<DeliveryId> delivery; bool already = false; std::vector<DeliveryId> created; };
struct Leased { bool held = false; std::int64_t fencing_token = 0; std::string holder; };
struct Purged { std::size_t rows = 0; bool more = false; };
struct Sealed { std::string line; };
struct AcceptDone { Accepted accepted; std::vector<DeliveryId> deliveries; };

using CommandValue = std::variant<std::monostate, AcceptDone, Begun, Finished, Settled, Operated, Leased, Purged, Sealed>;
using CommandResult = Result<CommandValue>;
// Called once, on the store's own thread, after the commit or the refusal. Must not block.
using CommandCallback = std::function<void(CommandResult)>;

}  // namespace sluis
