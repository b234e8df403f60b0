// What an adapter's developer gives to the conformance suite: the adapter's settings, and a peer that does as it is
// told.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/channel/adapter.h"

namespace sluis::conformance {

// What the peer does with what it is given from now on.
enum class Demand {
  take,             // takes it and says so
  refuse_for_good,  // a final no to this message
  refuse_for_now,   // a temporary no to this message; the next one may do better
  refuse_account,   // a no to whoever sends it: the login, a folder that is not there
  refuse_everyone,  // the peer cannot be reached or serves nobody
  need_a_human,     // something is wrong that neither waiting nor sending again mends
  lose_the_answer,  // takes it, and its answer does not come
  hang              // says nothing any more, in the middle of a delivery
};

// One message as the peer has it. `identity` as it stood on the wire; empty when the protocol carries none.
struct Copy {
  std::string identity, body;
};

// The adapter's surroundings in one test: a peer of its own, on a free port or in a folder of its own, empty at the
// start. [Ownership] made before the channel, destroyed after it; a peer on event loops brings its own. [Threading]
// called from the test's thread; what it keeps is guarded, since the peer's own threads write it.
class Rig {
 public:
  virtual ~Rig() = default;
  // The channel's configuration towards this peer, every wait in it short: asked for at each start, after behave().
  virtual ChannelConfig config() = 0;
  // An account of this customer that the peer knows. The suite uses "acme" and "bolt". Secrets are at least eight
  // octets.
  virtual std::shared_ptr<const Account> account(const std::string& customer) = 0;
  virtual void behave(Demand demand) = 0;

  // For channels that send: a delivery of `body`, without identity, and what the peer has, in the order in which it
  // came.
  virtual std::shared_ptr<Delivery> delivery(const std::string& customer, const std::string& body);
  virtual std::vector<Copy> taken();
  // How many deliveries the peer has let hang; for Demand::hang.
  virtual std::size_t hanging();

  // For channels that receive: the peer gets a message for the customer, and how many it still has for it.
  virtual void offer(const std::string& customer, const std::string& body);
  virtual std::size_t offered(const std::string& customer);
};

}  // namespace sluis::conformance
