// The store: durable messages, deliveries, keys and timelines behind one interface; engines are sqlite/ and postgres/, and
// one conformance suite holds for all (tests/core/store).
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/store/commands.h"
#include "core/store/records.h"

namespace sluis {

// What the claim must leave alone: paused destinations, open breakers, full pools. Rules applied at claim, not mass updates.
struct Holds {
  struct Room {
    std::string channel;
    std::size_t free = 0;                       // attempts the channel may start now
    std::size_t per_customer = 0;               // at most so many of one (channel, customer) in one claim
    std::vector<std::string> closed_customers;  // breaker open, account at its limit, or paused
    struct Flow {
      std::string customer;                     // empty: every customer's
      std::string flow;                         // its name, or a prefix with "/*"
    };
    std::vector<Flow> closed_flows = {};        // paused
  };
  std::vector<Room> channels;                   // channels that are not named get nothing
};

struct Claim {
  DeliveryRecord record;                        // with its message; claimed for this node until Begin+Finish or unclaim
};

// A snapshot for reading. [Threading] one thread; blocks on the disk; gone at its deadline with Error "store.deadline".
class SLUIS_CORE_API Reader {
 public:
  virtual ~Reader() = default;
  virtual Result<std::optional<MessageRecord>> message(const MessageId& id) = 0;
  virtual Result<std::vector<TimelineRecord>> timeline(const MessageId& id) = 0;
  // What is left of a message whose metadata were purged.
  virtual Result<std::optional<Tombstone>> tombstone(const MessageId& id) = 0;
  // Answers and notices of a message, oldest first.
  virtual Result<std::vector<MessageId>> replies(const MessageId& id) = 0;
  virtual Result<std::optional<DeliveryRecord>> delivery(DeliveryId id) = 0;
  virtual Result<std::vector<MessageRecord>> messages(const MessageFilter& filter) = 0;
  virtual Result<std::vector<IncidentRecord>> incidents(bool open_only, std::size_t limit) = 0;
  virtual Result<std::vector<ReferenceMatch>> find(const Reference& reference) = 0;   // newest first
  virtual Result<std::vector<DueWakeup>> wakeups(WallTime now, std::size_t limit) = 0;
  virtual Result<std::optional<WallTime>> next_wakeup() = 0;
  // The earliest due time of queued deliveries of a channel that are not claimed.
  virtual Result<std::optional<WallTime>> next_due(const std::string& channel) = 0;
  virtual Result<std::vector<DeliveryRecord>> awaiting(const std::string& channel, std::string_view customer, DeliveryId after, std::size_t limit) = 0;
  virtual Result<std::optional<std::string>> state(std::string_view channel, std::string_view key) = 0;
  virtual Result<std::vector<std::pair<std::string, std::string>>> states(std::string_view channel, std::string_view prefix) = 0;
  virtual Result<std::vector<QueueCount>> queues() = 0;
  // Walks every chain, seal and checksum; `seal_lines` are those found in the log, oldest first (may be empty).
  virtual Result<VerifyReport> verify(const std::vector<std::string>& seal_lines) = 0;
};

// After each commit, what may concern the engine. [Threading] on the store's own thread; must not block.
struct StoreChanges {
  std::vector<std::string> channels_with_work;   // destinations that may have newly due deliveries
  bool wakeups = false;                          // a wakeup was added
  std::vector<DeliveryId> settled_elsewhere;     // turned final while `sending`, queued or awaiting, not by their own attempt
};

// [Threading] any thread. [Ownership] the gateway's; outlives engine and channels.
class SLUIS_CORE_API Store : public ContentStore {
 public:
  // Takes the command; `done` comes after its commit. After a failed fsync every command is answered "store.down" until
  // the process is restarted: an fsync is never retried.
  virtual void submit(Command command, CommandCallback done) = 0;
  // Deliveries due at `now`, fair over (channel, customer) in turn, at most what `holds` leaves room for. May block briefly.
  virtual Result<std::vector<Claim>> claim(const Holds& holds, WallTime now) = 0;
  virtual void unclaim(const std::vector<DeliveryId>& deliveries) = 0;
  virtual Result<std::unique_ptr<Reader>> read(Duration deadline) = 0;
  virtual void on_change(std::function<void(const StoreChanges&)> listener) = 0;
  // Not accepting: the reason (disk full, fsync failed); empty when all is well.
  [[nodiscard]] virtual std::string trouble() const = 0;
  // Below so many free octets nothing new is accepted, from now on.
  virtual void keep_free(std::uint64_t octets) = 0;
  // At start-up, before any claim: `sending` → `queued`, in doubt; or `held` where `hold_in_doubt` says so by policy name.
  // Leases end too where no other node can hold one.
  virtual Result<std::size_t> recover(const std::function<bool(const std::string& policy)>& hold_in_doubt) = 0;
  // Commits what was submitted, checkpoints, closes. No submit after it.
  virtual void close() = 0;
};

}  // namespace sluis
