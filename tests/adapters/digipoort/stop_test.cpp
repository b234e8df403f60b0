// stop(): what waits, what is under way, and that every attempt ends exactly once.
#include <atomic>

#include "core/net/file_descriptor.h"
#include "tests/adapters/digipoort/rig.h"
#include "tests/core/net/network_fixture.h"

namespace sluis::digipoort::tests {
namespace {

class DigipoortStop : public DigipoortTest {
 protected:
  void serve_and_hold() {
    SubmissionServer::Trouble trouble;
    trouble.hold_at_dot = "uitvoer@douane.example.test";
    server_ = std::make_unique<SubmissionServer>(loops_, server_tls(), false, std::move(trouble));
    server_->account("acme", canary);
    submit_to(server_->port(), "starttls");
    config_.settings.set("submit.sessions", std::int64_t{1});
  }
  // An attempt that counts how often it is ended.
  void give(const std::shared_ptr<Delivery>& delivery, sluis::tests::Ending& ending) {
    delivery->identity = channel_->identify(*delivery);
    channel_->deliver(Attempt(delivery, nullptr, [this, &ending](Outcome outcome, bool dropped) {
      ++ended_;
      ending.set(std::move(outcome), dropped);
    }));
  }
  std::atomic<int> ended_{0};
  std::unique_ptr<SubmissionServer> server_;
};

TEST_F(DigipoortStop, LeavesWhatWasAtTheFinalDotInDoubtAfterTheDeadline) {
  serve_and_hold();
  start();
  sluis::tests::Ending ending;
  give(make_mail(), ending);
  ASSERT_TRUE(eventually([&] { return server_->held() == 1; }));
  stop(50ms);
  ASSERT_TRUE(ending.has_value());
  ASSERT_NE(verdict<Retry>(*ending.get()), nullptr);
  EXPECT_TRUE(verdict<Retry>(*ending.get())->in_doubt);
  EXPECT_EQ(ended_, 1);
}

TEST_F(DigipoortStop, LetsTheMailUnderWayEndInTime) {
  serve_and_hold();
  start();
  sluis::tests::Ending ending;
  give(make_mail(), ending);
  ASSERT_TRUE(eventually([&] { return server_->held() == 1; }));
  loops_.at(0).schedule_after(50ms, [this] { server_->release(); });
  stop(10s);
  ASSERT_TRUE(ending.has_value());
  EXPECT_NE(verdict<Delivered>(*ending.get()), nullptr);
  EXPECT_EQ(ended_, 1);
}

TEST_F(DigipoortStop, EndsWhatWaitsAsRetryThatIsNotInDoubt) {
  serve_and_hold();
  start();
  sluis::tests::Ending first, second;
  give(make_mail("a"), first);
  ASSERT_TRUE(eventually([&] { return server_->held() == 1; }));
  give(make_mail("b"), second);
  stop(50ms);
  ASSERT_TRUE(second.has_value());
  ASSERT_NE(verdict<Retry>(*second.get()), nullptr);
  EXPECT_FALSE(verdict<Retry>(*second.get())->in_doubt);
  EXPECT_EQ(ended_, 2);
}

TEST_F(DigipoortStop, LeavesWhatWasBeforeTheFinalDotOutOfDoubt) {
  LinePeer peer(loops_, {"220 msa\r\n"}, [](const std::string& line, int) -> LinePeer::Says {
    if (line.starts_with("EHLO")) return {"250-msa\r\n250 AUTH PLAIN\r\n"};
    if (line.starts_with("AUTH")) return {"235 ok\r\n"};
    return {line == "DATA" ? "" : "250 ok\r\n"};
  });
  submit_to(peer.port(), "none");
  start();
  sluis::tests::Ending ending;
  give(make_mail(), ending);
  ASSERT_TRUE(eventually([&] { return peer.heard("DATA"); }));
  stop(50ms);
  ASSERT_TRUE(ending.has_value());
  ASSERT_NE(verdict<Retry>(*ending.get()), nullptr);
  EXPECT_FALSE(verdict<Retry>(*ending.get())->in_doubt);
  EXPECT_EQ(ended_, 1);
}

TEST_F(DigipoortStop, DoesNotWaitForAHostThatDoesNotAnswer) {
  const test::SilentHost silent;
  submit_to(silent.address().port(), "none");
  retrieve_from(silent.address().port(), "none");
  start();
  sluis::tests::Ending ending;
  give(make_mail(), ending);
  on_loop([] {});
  const MonoTime began = clock_.mono();
  stop(20s);
  EXPECT_LT(clock_.mono() - began, 10s);
  EXPECT_TRUE(ending.has_value());
}

TEST_F(DigipoortStop, EndsAttemptsThatComeAfterIt) {
  start();
  stop();
  EXPECT_NE(verdict<Retry>(deliver(make_mail())), nullptr);
}

}  // namespace
}  // namespace sluis::digipoort::tests
