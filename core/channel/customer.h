// Customers and their accounts, as one configuration generation has them.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/channel/settings.h"

namespace sluis {

enum class Environment { test, production };
SLUIS_CORE_API std::string_view to_string(Environment e);

// How much a customer may hand in; 0: no limit.
struct Quota {
  std::optional<std::int64_t> messages_per_hour;
  std::optional<std::int64_t> bytes_per_hour;
  std::optional<std::int64_t> connections;  // at once, over all channels
  bool operator==(const Quota&) const = default;
};

struct Customer {
  std::string id;                                   // "acme"
  std::string name;                                 // "Acme Shipping B.V."
  std::map<std::string, std::string> identifiers;   // kvk, eori, edi, …
  std::vector<std::string> return_channels;         // `return:`; what destination `customer` means
  std::map<std::string, std::vector<std::string>> return_by_flow;   // flow (exact or ending in /*) → channels
  Quota quota = {};                                 // where it differs from everyone's
  // The return channels for a flow: exact, then the longest prefix/*, then the default.
  [[nodiscard]] SLUIS_CORE_API const std::vector<std::string>& returns_for(std::string_view flow) const;
};

// One customer's (or, with an empty customer, the intermediary's own) credentials and settings on one channel.
struct Account {
  std::string channel;
  std::string customer;       // empty: the channel's own account
  Settings settings;          // by the channel kind's account table
  bool operator==(const Account&) const = default;
};

// What changed between two generations for one channel's accounts.
struct AccountChanges {
  std::vector<std::shared_ptr<const Account>> added, changed;
  std::vector<std::shared_ptr<const Account>> removed;
};

// A channel's view of its accounts. [Threading] any thread; what is returned stays valid while it is held.
class SLUIS_CORE_API Accounts {
 public:
  virtual ~Accounts() = default;
  // Every account of this channel, the channel's own first.
  [[nodiscard]] virtual std::vector<std::shared_ptr<const Account>> all() const = 0;
  // The account a delivery of this customer uses: the customer's own, else the channel's own, else null.
  [[nodiscard]] virtual std::shared_ptr<const Account> find(std::string_view customer) const = 0;
  [[nodiscard]] virtual std::shared_ptr<const Customer> customer(std::string_view id) const = 0;
  // The one customer with this identifier ("edi", "8712345678906"); null when none or more than one has it.
  [[nodiscard]] virtual std::shared_ptr<const Customer> customer_by(std::string_view kind, std::string_view value) const = 0;
  // Called after each reload that changed this channel's accounts, on an unspecified thread; must not block. One listener a
  // channel, which lives until the channel has stopped. A channel that asks all() or find() each time needs none.
  virtual void on_change(std::function<void(const AccountChanges&)> listener) = 0;
};

}  // namespace sluis
