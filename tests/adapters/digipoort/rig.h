// A digipoort channel under real sockets, for its tests: one loop, one customer, everything waited for with a deadline.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <future>
#include <list>
#include <memory>
#include <string>

#include "adapters/digipoort/channel.h"
#include "core/net/resolver.h"
#include "core/runtime/worker_pool.h"
#include "tests/adapters/digipoort/line_peer.h"
#include "tests/adapters/digipoort/mailbox_server.h"
#include "tests/adapters/digipoort/submission_server.h"
#include "core/channel/conformance/test_context.h"
#include "tests/core/net/test_certificates.h"

namespace sluis::digipoort::tests {

inline constexpr const char* canary = "kanarie-wachtwoord";

// True when the condition held within ten seconds.
bool eventually(const std::function<bool()>& condition);
const Adapter& adapter();
Settings default_channel_settings();
std::shared_ptr<Account> make_account(const std::string& customer, const std::string& password = canary);
// The account with a client certificate of its own.
std::shared_ptr<Account> with_certificate(std::shared_ptr<Account> account, const test::IssuedCertificate& certificate);
// A delivery of one payload to one recipient.
std::shared_ptr<Delivery> make_mail(std::string payload = "UNB+UNOC:3+A+B'",
                                    const std::string& recipient = "uitvoer@douane.example.test");

class DigipoortTest : public ::testing::Test {
 protected:
  DigipoortTest();
  ~DigipoortTest() override;

  // Fills in submit.* for a server that speaks TLS, or clear text.
  void submit_to(std::uint16_t port, const std::string& tls);
  void retrieve_from(std::uint16_t port, const std::string& tls);
  void start();
  void stop(Duration within = 5s);
  // Gives the delivery to the channel and waits for its end.
  Outcome deliver(const std::shared_ptr<Delivery>& delivery);
  void begin(const std::shared_ptr<Delivery>& delivery, sluis::tests::Ending& ending);
  // Runs on the loop and waits for it: for what the channel reads there.
  void on_loop(std::function<void()> work);
  std::shared_ptr<const net::TlsContext> server_tls(net::ClientCertificate client = net::ClientCertificate::none);
  // Everything that was logged so far.
  std::string log();

  SystemClock clock_;
  net::LoopGroup loops_{clock_, 1};
  net::SystemResolver resolver_{1};
  net::Connector connector_{resolver_};
  test::TestAuthority authority_;
  sluis::tests::TestContext context_{"digipoort"};
  ChannelConfig config_;
  std::unique_ptr<DigipoortChannel> channel_;
};

template <class T>
const T* verdict(const Outcome& outcome) {
  return std::get_if<T>(&outcome.verdict);
}

}  // namespace sluis::digipoort::tests
