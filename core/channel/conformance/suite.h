// The conformance suite: what every channel owes, whatever its protocol, as tests that an adapter's own test program
// takes in.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>

#include "core/channel/conformance/rig.h"
#include "core/channel/plugin.h"

namespace sluis::conformance {

// One kind of channel under test.
struct Subject {
  std::string name;                    // the tests are called NAMEConformance.…
  const PluginInfo* plugin = nullptr;  // sluis_plugin_<adapter>()
  std::string kind;                    // which of its kinds
  // What the rig's peer can be told. Each adds the tests that need it; empty: the channel does not send.
  std::set<Demand> demands;
  bool receives = false;    // the channel picks messages up
  bool hands_over = false;  // what the peer takes is HandedOver, its proof comes later
  std::function<std::unique_ptr<Rig>()> rig;
};

// Adds the suite to this program's tests, before main() runs them: at namespace scope,
//   const bool added = sluis::conformance::add({.name = "Maildir", …});
// Every test has a rig, a context and a channel of its own. Waits are in real time, each with a deadline.
bool add(Subject subject);

}  // namespace sluis::conformance
