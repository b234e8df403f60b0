// customers/*.yaml.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "config/channels.h"
#include "config/document.h"
#include "config/secrets.h"
#include "core/delivery/generation.h"
#include "routing/spec.h"

namespace sluis::config {

// Reads one customer's file after the other into a generation and remembers what must be unique among them.
// [Threading] one. [Lifetime] what it is given outlives it. [Cost] linear in the files: look-ups by hash or in maps.
class Customers {
 public:
  // `channels` are complete; `previous` may be null, and what did not change is then shared with it.
  // `flows`: the flows that `return` may name; empty when they are not known.
  Customers(const Channels& channels, std::set<std::string, std::less<>> flows, Secrets& secrets,
            const Generation* previous, Generation& generation);

  void read(const Document& document, std::vector<LocatedError>& errors);

  // The customers' own routes.
  [[nodiscard]] std::vector<routing::RouteSpec>& routes() { return routes_; }
  // Customers that are there, but with faults that leave open what they have.
  [[nodiscard]] const std::set<std::string>& doubtful() const { return doubtful_; }

 private:
  struct Holder {
    std::string customer;
    Place place;
  };
  struct Reading {
    const Node& root;
    Report& report;
    Customer& customer;
  };
  void read_identifiers(const Settings& settings, const Reading& reading);
  void read_accounts(const Reading& reading);
  void read_account(const Node& node, const Path& at, const KnownChannel& channel, const Reading& reading);
  void check_unique(const Node& account, const Path& at, const KnownChannel& channel, const Settings& settings,
                    const Reading& reading);
  void read_returns(const Reading& reading);
  [[nodiscard]] std::vector<std::string> read_return_list(const Node& list, const Path& at, const Reading& reading);
  void check_return(const Node& item, const std::string& channel, const Path& at, const Reading& reading);
  void check_return_flow(const Node& member, const Path& at, const Reading& reading);

  const Channels& channels_;
  std::set<std::string, std::less<>> flows_;
  Secrets& secrets_;
  const Generation* previous_;
  Generation& generation_;
  std::vector<std::pair<std::string_view, std::string>> demultiplexers_;  // (identifier, the channel that tells by it)
  std::unordered_map<std::string, Holder> by_identifier_;
  std::unordered_map<std::string, Holder> by_setting_;
  std::unordered_map<std::string, Place> places_;
  std::vector<routing::RouteSpec> routes_;
  std::set<std::string> doubtful_;
};

}  // namespace sluis::config
