// ChannelContext: all that an adapter may touch of the gateway (DESIGN §3.1).
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/channel/arrival.h"
#include "core/channel/customer.h"
#include "core/channel/delivery.h"
#include "core/message/content.h"
#include "core/runtime/clock.h"
#include "core/runtime/executor.h"
#include "core/runtime/log.h"
#include "core/runtime/metrics.h"
#include "core/runtime/random.h"

namespace sluis::net {
class Connector;
class EventLoop;
class LoopGroup;
class Resolver;
}  // namespace sluis::net

namespace sluis {

class Listeners;  // core/channel/listeners.h
class Messages;   // core/channel/messages.h

// The door. [Threading] any thread; never blocks. [Durability] the callback comes after the commit.
class SLUIS_CORE_API Intake {
 public:
  virtual ~Intake() = default;
  virtual void accept(Arrival arrival, IntakeCallback done) = 0;
  // A place for one connection of a customer who has logged in; given back when its last copy goes. Error
  // "intake.quota" when the customer has as many as it may have.
  virtual Result<std::shared_ptr<void>> enter(const std::string& customer) {
    static_cast<void>(customer);
    return std::shared_ptr<void>{};
  }
};

// Settlement without a message: a customer's POP3 QUIT, an acknowledgment without content.
class SLUIS_CORE_API Settlements {
 public:
  virtual ~Settlements() = default;
  // `done` gets one result for each settlement, after the commit: an error "settle.unknown" when nothing carries the reference.
  virtual void settle(std::vector<Settlement> settlements, std::function<void(std::vector<Status>)> done) = 0;
};

// A customer's deliveries that wait on this channel to be fetched (POP3, REST): state awaiting, oldest first.
class SLUIS_CORE_API Mailbox {
 public:
  virtual ~Mailbox() = default;
  struct Item {
    DeliveryId delivery{};
    std::shared_ptr<const Message> message;   // shared: the caller may hold it while it streams
  };
  // May block on the store: call it from a pool. At most `limit` items with delivery > `after`.
  virtual Result<std::vector<Item>> list(std::string_view customer, DeliveryId after, std::size_t limit) = 0;
};

// The channel's durable key/value state: cursors, UIDLs seen. Writes that belong to an arrival go in Arrival::state.
class SLUIS_CORE_API ChannelState {
 public:
  virtual ~ChannelState() = default;
  virtual Result<std::optional<std::string>> get(std::string_view key) = 0;   // may block: from a pool or at start
  virtual Result<std::vector<std::pair<std::string, std::string>>> list(std::string_view prefix) = 0;   // as get
  virtual void put(std::vector<StateWrite> writes, std::function<void(Status)> done) = 0;
};

// "This poller on one node only." On a single node it is granted at once. [Threading] callbacks on any thread.
class SLUIS_CORE_API Leases {
 public:
  virtual ~Leases() = default;
  class Lease {
   public:
    virtual ~Lease() = default;   // gives it back
    [[nodiscard]] virtual bool held() const = 0;
    [[nodiscard]] virtual std::int64_t fencing_token() const = 0;
  };
  virtual std::unique_ptr<Lease> acquire(std::string_view name, std::function<void(bool held)> changed) = 0;
};

enum class Severity { warning, critical };
SLUIS_CORE_API std::string_view to_string(Severity s);

// Conditions a human must know of, latched by key: opening an open one only counts.
class SLUIS_CORE_API Incidents {
 public:
  virtual ~Incidents() = default;
  // `key` is the condition's own name under the channel: "login/acme", "uidl-missing".
  virtual void open(std::string_view key, Severity severity, std::string_view text, std::string_view customer = {}) = 0;
  virtual void close(std::string_view key) = 0;
};

// Where network work happens.
struct Network {
  net::LoopGroup* loops = nullptr;        // for connections and listeners
  net::Connector* connector = nullptr;    // outgoing connections
  net::Resolver* resolver = nullptr;      // for HTTP clients
};

// [Ownership] made and kept by the gateway; outlives the channel. [Threading] each member as its class says.
class SLUIS_CORE_API ChannelContext {
 public:
  virtual ~ChannelContext() = default;
  [[nodiscard]] virtual const std::string& channel() const = 0;
  [[nodiscard]] virtual Environment environment() const = 0;
  [[nodiscard]] virtual const std::string& gateway() const = 0;   // gateway.name
  // Why nothing is to be asked of the peer just now (an operator's pause, announced maintenance); empty: nothing keeps
  // it. Whoever polls looks here before each visit; deliveries are kept back by the engine. Any thread, cheap.
  [[nodiscard]] virtual std::string at_rest() const { return {}; }
  virtual Intake& intake() = 0;
  virtual Settlements& settlements() = 0;
  virtual Accounts& accounts() = 0;
  virtual Mailbox& mailbox() = 0;
  virtual Messages& messages() = 0;
  virtual Listeners& listeners() = 0;
  virtual ChannelState& state() = 0;
  virtual ContentStore& content() = 0;
  [[nodiscard]] virtual const Clock& clock() const = 0;
  virtual Executor& timers() = 0;         // volatile: what must survive a restart is a delivery's due time or channel state
  virtual Leases& leases() = 0;
  virtual Network network() = 0;
  virtual Incidents& incidents() = 0;
  virtual Random& random() = 0;
  virtual const Log& log() = 0;           // bound to channel=<name>
  virtual Metrics& metrics() = 0;
};

}  // namespace sluis
