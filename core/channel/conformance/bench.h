// One channel under test with everything around it: rig, context, event loops, and the attempts that are out.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/channel/conformance/suite.h"
#include "core/channel/conformance/test_context.h"
#include "core/net/connector.h"
#include "core/net/event_loop.h"
#include "core/net/resolver.h"

namespace sluis::conformance {

// Where one attempt's ends are counted. [Threading] any thread.
class Ends {
 public:
  void add(Outcome outcome, bool dropped);
  [[nodiscard]] int count() const;
  [[nodiscard]] bool dropped() const;
  [[nodiscard]] Outcome first() const;  // Retry "conformance.none" when there was none

 private:
  mutable std::mutex mutex_;
  std::optional<Outcome> first_;
  int count_ = 0;
  bool dropped_ = false;
};
using EndsPtr = std::shared_ptr<Ends>;  // shared with the attempt, which may outlive a test that gave up waiting

// The longest wait for what must happen: 20 seconds, or as many as SLUIS_PATIENCE in the environment says.
std::chrono::seconds patience();
// How long is looked at what must not happen.
inline constexpr std::chrono::milliseconds quiet{250};

// True once the condition holds; false when it did not within patience().
bool eventually(const std::function<bool()>& condition);
// True when the condition held all through `quiet`.
bool stays(const std::function<bool()>& condition);

// [Ownership] members are destroyed in an order in which nothing refers to what is gone: channel, loops, context, rig.
class Bench {
 public:
  // One customer, "acme", has an account.
  explicit Bench(const Subject& subject);
  ~Bench();
  Bench(const Bench&) = delete;
  Bench& operator=(const Bench&) = delete;

  // Makes the channel and starts it. Asserts that both succeed.
  void start();
  std::unique_ptr<Channel> make();
  void stop(Duration within = 5s);
  // The process is gone: the channel is destroyed with whatever it was at, the next one finds what was durable.
  void crash();
  void add_account(const std::string& customer);     // a reload adds it
  void remove_account(const std::string& customer);  // a reload removes it

  // A delivery that the channel has identified, as the intake commits it.
  std::shared_ptr<Delivery> delivery(const std::string& body, const std::string& customer = "acme");
  EndsPtr begin(const std::shared_ptr<Delivery>& delivery, bool cancelled = false);
  // Waits for the end. The same delivery again is the next attempt at it.
  Outcome deliver(const std::shared_ptr<Delivery>& delivery);

  [[nodiscard]] tests::TestContext& context() { return *context_; }
  [[nodiscard]] Channel& channel() { return *channel_; }
  [[nodiscard]] std::vector<Arrival> committed();
  // One more turn of the channel's loop, so that what was posted has run.
  void turn();
  // Everything that people or machines can read of it: log, incidents, metrics, health.
  [[nodiscard]] std::string visible();

  const Subject& subject;
  const std::unique_ptr<Rig> rig;
  SystemClock clock;

 private:
  const std::shared_ptr<tests::Kept> kept_ = std::make_shared<tests::Kept>();  // shared with the contexts
  std::vector<std::shared_ptr<const Account>> accounts_;
  std::unique_ptr<net::SystemResolver> resolver_;
  std::unique_ptr<net::Connector> connector_;
  // A context outlives its channel's last callback, so the ones before a crash are kept.
  std::vector<std::unique_ptr<tests::TestContext>> before_;
  std::unique_ptr<tests::TestContext> context_;
  std::unique_ptr<net::LoopGroup> loops_;
  std::unique_ptr<Channel> channel_;
  std::string seen_;  // of contexts before a crash
  std::int64_t next_delivery_ = 1;
  bool started_ = false;

  void make_context();
};

std::string describe(const Outcome& outcome);
// Bodies of what the peer has.
std::vector<std::string> bodies(const std::vector<Copy>& copies);
// Whether one of the arrival's parts has exactly these bytes, or a part of another form holds them (a mail).
bool carries(const Arrival& arrival, const std::string& body, ContentStore& content);

// One test of the suite. The tables are held together in suite.cpp.
struct Case {
  const char* name;
  bool (*applies)(const Subject&);
  void (*body)(const Subject&);
};
std::vector<Case> sending_cases();
std::vector<Case> receiving_cases();
std::vector<Case> lifetime_cases();
std::vector<Case> secrecy_cases();

template <Demand... demands>
bool can(const Subject& subject) {
  return (subject.demands.contains(demands) && ...);
}

}  // namespace sluis::conformance
