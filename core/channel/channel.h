// The channel interface: what an adapter implements (DESIGN §3.1).
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/channel/attempt.h"
#include "core/channel/context.h"

namespace sluis {

// What `sluis probe` prints: one row a step, in order. [Threading] filled by the probing thread.
struct ProbeStep {
  std::string step;      // "dns", "tcp", "tls", "ehlo", "auth", "pop3 login"
  bool ok = false;
  std::string text;      // what was found, or what is wrong and what to do
};
struct ProbeReport {
  std::vector<ProbeStep> steps;
  void passed(std::string_view step, std::string_view text) { steps.push_back({std::string(step), true, std::string(text)}); }
  void failed(std::string_view step, std::string_view text) { steps.push_back({std::string(step), false, std::string(text)}); }
  [[nodiscard]] bool ok() const {
    for (const ProbeStep& s : steps)
      if (!s.ok) return false;
    return !steps.empty();
  }
};

struct Health {
  enum class State { starting, up, degraded, down, stopped };
  State state = State::starting;
  std::string text;   // why, for people
};
SLUIS_CORE_API std::string_view to_string(Health::State s);

// One configured connection to one outside party.
// [Lifetime] made by its adapter; start() once, then any calls, then stop() once; destroyed after stop() returned.
// [Threading] start and stop from the gateway's thread, never together; the rest as each says.
class SLUIS_CORE_API Channel {
 public:
  virtual ~Channel() = default;
  // Begins listening, polling, watching. Must not block on the network. An error keeps the channel down: logged, an incident,
  // its deliveries stay queued; everything else runs.
  virtual Status start() = 0;
  // Takes no more work, lets what runs finish, gives up at the deadline; attempts that remain are finished as Retry.
  // After it returns the channel calls nothing of its context any more (core/channel/liveness.h keeps late callbacks out);
  // an attempt that still comes is finished as Retry.
  virtual void stop(MonoTime deadline) = 0;
  // Pure, any thread: the identity and the reference keys of this delivery, committed with it before the first byte leaves.
  // It depends on the message, the destination and the option "as-new" (an operator's "resend as new": another identity), and
  // on nothing that a restart changes. Delivery::identity is not set yet; deliver() finds it there.
  [[nodiscard]] virtual Identity identify(const Delivery& delivery) const = 0;
  // Any thread, never blocks; the holder finishes the attempt exactly once.
  virtual void deliver(Attempt attempt) = 0;
  // DNS, TCP, TLS, login; sends and deletes nothing. May block; called from a thread of its own. Null: the channel's own account.
  virtual void probe(const Account* account, ProbeReport& report) = 0;
  // Cheap, any thread.
  [[nodiscard]] virtual Health health() const = 0;
};

}  // namespace sluis
