#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <filesystem>
#include <thread>

#include "adapters/directory/channel.h"
#include "adapters/directory/file_name.h"
#include "adapters/directory/outbox.h"
#include "core/channel/plugin.h"
#include "core/channel/conformance/test_context.h"
#include "tests/temporary_folder.h"

const sluis::PluginInfo* sluis_plugin_directory();

namespace sluis::directory {
namespace {

using tests::TemporaryFolder;
using tests::TestContext;

const ChannelKind& kind() { return sluis_plugin_directory()->adapter()->kinds()[0]; }

// A channel with one customer, under a manual clock; the pool's threads are the adapter's own, so the test waits on
// conditions with a deadline.
struct Rig {
  TemporaryFolder folder;
  TestContext context{"drop"};
  std::unique_ptr<DirectoryChannel> channel;

  explicit Rig(bool start = true, std::vector<std::pair<std::string, SettingValue>> changes = {}, std::string flow = "") {
    folder.make("out");
    folder.make("in");
    ChannelConfig config;
    config.name = "drop";
    config.settings = default_settings(kind().settings);
    for (auto& [name, value] : changes) config.settings.set(name, value);
    auto account = std::make_shared<Account>();
    account->channel = "drop";
    account->customer = "acme";
    account->settings = default_settings(kind().account);
    account->settings.set("pickup", folder.path("out"));
    account->settings.set("deliver", folder.path("in"));
    if (!flow.empty()) account->settings.set("flow", flow);
    context.account_list.push_back(account);
    channel = std::make_unique<DirectoryChannel>(config, context);
    if (start) {
      EXPECT_TRUE(channel->start().ok());
    }
  }
  ~Rig() { channel->stop(context.clock().mono()); }

  template <class F>
  bool eventually(F condition) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{10};
    while (!condition()) {
      if (std::chrono::steady_clock::now() > end) return false;
      context.executor.run();
      std::this_thread::yield();
    }
    return true;
  }
  // Lets the watched time pass twice: once to see the files, once to see them unchanged.
  void pass() {
    for (int i = 0; i < 3; ++i) {
      context.executor.advance(40s);
      const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds{20};
      while (std::chrono::steady_clock::now() < until) context.executor.run(), std::this_thread::yield();
    }
  }
};

TEST(DirectoryPickup, TakesAFileOnlyWhenItStayedTheSame) {
  TemporaryFolder folder;
  folder.write("a.edi", "UNB");
  Pickup pickup(folder.path(), 2s);
  ManualClock clock;
  EXPECT_TRUE(pickup.scan(clock.mono())->waiting);
  clock.advance(1s);
  folder.write("a.edi", "UNB+UNOA");
  EXPECT_TRUE(pickup.scan(clock.mono())->complete.empty());
  clock.advance(1s);
  EXPECT_TRUE(pickup.scan(clock.mono())->complete.empty()) << "two seconds since it was first seen, one since it changed";
  clock.advance(1s);
  EXPECT_EQ(pickup.scan(clock.mono())->complete, std::vector<std::string>{"a.edi"});
}

TEST(DirectoryPickup, TakesARenamedFileAtOnce) {
  TemporaryFolder folder;
  folder.write("a.edi", "UNB");
  Pickup pickup(folder.path(), 2s);
  pickup.renamed_in("a.edi");
  EXPECT_EQ(pickup.scan(MonoTime{})->complete, std::vector<std::string>{"a.edi"});
}

TEST(DirectoryPickup, LeavesHiddenUnfinishedLinkedAndNestedAlone) {
  TemporaryFolder folder;
  for (const char* name : {".a", "a.tmp", "a.part", "a~", "b.filepart"}) folder.write(name, "x");
  folder.make("sub");
  std::filesystem::create_symlink("/etc/passwd", folder.path("link"));
  Pickup pickup(folder.path(), 0s);
  const auto scan = pickup.scan(MonoTime{});
  EXPECT_TRUE(scan->complete.empty());
  EXPECT_FALSE(scan->waiting);
}

TEST(DirectoryPickup, AMissingFolderIsAnErrorWithItsName) {
  Pickup pickup("/nonexistent/out", 1s);
  const auto scan = pickup.scan(MonoTime{});
  ASSERT_FALSE(scan.ok());
  EXPECT_EQ(scan.error().code, "pickup.missing");
  EXPECT_NE(scan.error().what.find("/nonexistent/out"), std::string::npos);
}

TEST(DirectoryFileName, NeverBecomesAPath) {
  EXPECT_EQ(plain_file_name("../../etc/passwd"), "passwd");
  EXPECT_EQ(plain_file_name("..\\..\\boot.ini"), "boot.ini");
  EXPECT_EQ(plain_file_name(".."), "file");
  EXPECT_EQ(plain_file_name(""), "file");
  EXPECT_EQ(plain_file_name("a\r\nb\0c"), "a__b");
  EXPECT_EQ(plain_file_name("-rf.txt"), "rf.txt");
  EXPECT_LE(plain_file_name(std::string(1000, 'x') + ".edi").size(), 150U);
  EXPECT_TRUE(plain_file_name(std::string(1000, 'x') + ".edi").ends_with(".edi"));
}

TEST(DirectoryOutbox, AFileIsWholeOrNotThere) {
  TemporaryFolder folder;
  ASSERT_TRUE(write_file(folder.path(), "a.edi", "bytes").ok());
  EXPECT_EQ(folder.names(), std::set<std::string>{"a.edi"});
  EXPECT_EQ(folder.read("a.edi"), "bytes");
}

TEST(DirectoryOutbox, WritingTheSameAgainIsSuccessAndAnotherIsNot) {
  TemporaryFolder folder;
  ASSERT_TRUE(write_file(folder.path(), "a.edi", "bytes").ok());
  EXPECT_TRUE(write_file(folder.path(), "a.edi", "bytes").ok());
  const auto other = write_file(folder.path(), "a.edi", "other");
  ASSERT_FALSE(other.ok());
  EXPECT_EQ(other.error().code, "outbox.exists");
  EXPECT_EQ(folder.read("a.edi"), "bytes");
}

TEST(DirectoryChannel, HandsInAFileAndRemovesItAfterTheCommit) {
  Rig rig(true, {}, "douane/uitvoer");
  rig.context.hold = true;
  rig.folder.write("out/decl.edi", "UNB+UNOC:3");
  rig.pass();
  ASSERT_TRUE(rig.eventually([&] { return rig.context.arrivals().size() == 1; }));
  EXPECT_TRUE(rig.folder.has("out/decl.edi")) << "not durable yet";
  rig.context.release_arrivals();
  EXPECT_TRUE(rig.eventually([&] { return !rig.folder.has("out/decl.edi"); }));
  const Arrival arrival = rig.context.arrivals().at(0);
  EXPECT_EQ(*arrival.parts.at(0).content.bytes, "UNB+UNOC:3");
  EXPECT_EQ(arrival.attributes.get("file.name"), "decl.edi");
  EXPECT_EQ(arrival.attributes.get("flow"), "douane/uitvoer");
  EXPECT_EQ(arrival.from.customer, "acme");
  EXPECT_TRUE(arrival.from.submission);
}

TEST(DirectoryChannel, AFileIsOnItsWayInOnlyOnce) {
  Rig rig;
  rig.context.hold = true;
  rig.folder.write("out/a", "1");
  rig.pass();
  ASSERT_TRUE(rig.eventually([&] { return rig.context.arrivals().size() == 1; }));
  rig.pass();
  EXPECT_EQ(rig.context.arrivals().size(), 1U);
  rig.context.release_arrivals();
}

TEST(DirectoryChannel, TheKeyOfTheSameFileIsTheSameAfterARestartAndAnotherForANewFile) {
  std::string first, again, fresh;
  TemporaryFolder folder;
  TestContext context;
  folder.write("a", "same");
  const auto take = [&] { return dedupe_key("acme", "a", std::get<TakenFile>(take_file(folder.path(), "a", 100, context.content()))).text; };
  first = take();
  again = take();
  std::filesystem::remove(folder.path("a"));
  folder.write("a", "same!");
  fresh = take();
  EXPECT_EQ(first, again);
  EXPECT_NE(first, fresh);
}

TEST(DirectoryChannel, ARefusedFileIsMovedAsideAndTheCustomerIsToldWhy) {
  Rig rig;
  rig.context.answers.push_back(Refusal{Error{"intake.unrouted", "no route for flow nvwa/elogboek"}, false});
  rig.folder.write("out/a.xml", "<x/>");
  rig.pass();
  ASSERT_TRUE(rig.eventually([&] { return rig.folder.has("out/.refused/a.xml"); }));
  const auto names = rig.folder.names("in");
  ASSERT_EQ(names.size(), 1U);
  EXPECT_TRUE(names.begin()->starts_with("a.xml.") && names.begin()->ends_with(".refused.json")) << *names.begin();
  EXPECT_NE(rig.folder.read("in/" + *names.begin()).find("no route for flow nvwa/elogboek"), std::string::npos);
}

TEST(DirectoryChannel, ATemporaryRefusalLeavesTheFileAndTriesAgain) {
  Rig rig;
  rig.context.answers.push_back(Refusal{Error{"store.full", "the disk is full"}, true});
  rig.folder.write("out/a.xml", "<x/>");
  rig.pass();
  rig.pass();
  EXPECT_TRUE(rig.eventually([&] { return rig.context.arrivals().size() >= 2 && !rig.folder.has("out/a.xml"); }));
  EXPECT_FALSE(rig.folder.has("out/.refused"));
}

TEST(DirectoryChannel, TakesNothingWhileItIsAtRest) {
  Rig rig(false);
  rig.context.paused = true;
  ASSERT_TRUE(rig.channel->start().ok());
  rig.folder.write("out/a.edi", "UNB");
  rig.pass();
  EXPECT_TRUE(rig.context.arrivals().empty());
  rig.context.paused = false;
  rig.pass();
  EXPECT_TRUE(rig.eventually([&] { return rig.context.arrivals().size() == 1; }));
}

TEST(DirectoryChannel, AnEmptyAndATooLargeFileAreRefused) {
  Rig rig(true, {{"max-size", std::int64_t{10}}});
  rig.folder.write("out/empty", "");
  rig.folder.write("out/large", "12345678901");
  rig.pass();
  EXPECT_TRUE(rig.eventually([&] { return rig.folder.has("out/.refused/empty") && rig.folder.has("out/.refused/large"); }));
  EXPECT_TRUE(rig.context.arrivals().empty());
}

TEST(DirectoryChannel, ALargeFileIsStreamedWhole) {
  Rig rig;
  std::string bytes(300'000, '\0');
  SeededRandom(9).fill({reinterpret_cast<std::uint8_t*>(bytes.data()), bytes.size()});
  rig.folder.write("out/large", bytes);
  rig.pass();
  ASSERT_TRUE(rig.eventually([&] { return rig.context.arrivals().size() == 1; }));
  const Content content = rig.context.arrivals().at(0).parts.at(0).content;
  EXPECT_EQ(content.bytes, nullptr);
  EXPECT_EQ(*rig.context.content().read_all(content, 1 << 20), bytes);
}

TEST(DirectoryChannel, DeliversEveryPartUnderANameMadeOfTheMessagesId) {
  Rig rig;
  const auto delivery = tests::make_delivery("acme", {tests::make_part("UNB", "application/EDIFACT", ""), tests::make_part("%PDF", "application/pdf", "../besluit.pdf", PartRole::attachment),
                                                      tests::make_part("raw", "message/rfc822", "", PartRole::original)});
  tests::Ending ended;
  rig.channel->deliver(tests::make_attempt(delivery, ended));
  ASSERT_TRUE(rig.eventually([&] { return ended.has_value(); }));
  ASSERT_TRUE(std::holds_alternative<Delivered>(ended.get()->verdict));
  const std::string id = delivery->message->id.text();
  EXPECT_EQ(rig.folder.names("in"), (std::set<std::string>{id + ".edi", id + ".2-besluit.pdf"}));
}

TEST(DirectoryChannel, AResendAsNewIsAnotherFile) {
  Rig rig;
  const auto first = tests::make_delivery("acme", {tests::make_part("UNB", "application/EDIFACT", "")});
  const auto again = std::make_shared<Delivery>(*first);
  again->options.set("as-new", "2");
  again->identity = rig.channel->identify(*again);
  EXPECT_NE(again->identity.value, rig.channel->identify(*first).value);
  for (const auto& delivery : {first, again}) {
    tests::Ending ended;
    rig.channel->deliver(tests::make_attempt(delivery, ended));
    ASSERT_TRUE(rig.eventually([&] { return ended.has_value(); }));
    EXPECT_TRUE(std::holds_alternative<Delivered>(ended.get()->verdict));
  }
  EXPECT_EQ(rig.folder.names("in").size(), 2U);
}

TEST(DirectoryChannel, AMissingFolderIsTheAccountsTroubleNotALoss) {
  Rig rig;
  std::filesystem::remove_all(rig.folder.path("in"));
  tests::Ending ended;
  rig.channel->deliver(tests::make_attempt(tests::make_delivery("acme", {tests::make_part("UNB", "application/EDIFACT", "")}), ended));
  ASSERT_TRUE(rig.eventually([&] { return ended.has_value(); }));
  EXPECT_EQ(std::get<Retry>(ended.get()->verdict).scope, Retry::Scope::account);
}

TEST(DirectoryChannel, AnAttemptThatStopLeavesUnrunIsARetryAndNotInDoubt) {
  Rig rig;
  rig.channel->stop(rig.context.clock().mono());
  tests::Ending ended;
  rig.channel->deliver(tests::make_attempt(tests::make_delivery("acme", {tests::make_part("UNB", "application/EDIFACT", "")}), ended));
  ASSERT_TRUE(ended.has_value());
  EXPECT_FALSE(ended.dropped());
  EXPECT_FALSE(std::get<Retry>(ended.get()->verdict).in_doubt);
}

TEST(DirectoryChannel, AMissingPickupOpensAnIncidentThatClosesWhenItIsBack) {
  Rig rig(false);
  std::filesystem::remove_all(rig.folder.path("out"));
  ASSERT_TRUE(rig.channel->start().ok());
  ASSERT_TRUE(rig.eventually([&] { return rig.context.open_incidents().contains("pickup/acme"); }));
  EXPECT_EQ(rig.channel->health().state, Health::State::degraded);
  rig.folder.make("out");
  rig.pass();
  EXPECT_TRUE(rig.eventually([&] { return rig.context.open_incidents().empty(); }));
  EXPECT_EQ(rig.channel->health().state, Health::State::up);
}

TEST(DirectoryChannel, InotifyTakesARenamedFileWithoutWaiting) {
  Rig rig(false);
  SystemClock clock;
  net::LoopGroup loops(clock, 1);
  rig.context.real_network.loops = &loops;
  ASSERT_TRUE(rig.channel->start().ok());
  // No time passes for the adapter: only inotify can tell. Renaming again until the watch is in place.
  int n = 0;
  EXPECT_TRUE(rig.eventually([&] {
    if (rig.context.arrivals().empty() && n < 1000) {
      const std::string name = "a" + std::to_string(n++);
      rig.folder.write("." + name, "UNB");
      std::filesystem::rename(rig.folder.path("." + name), rig.folder.path("out/" + name));
      std::this_thread::yield();
    }
    return !rig.context.arrivals().empty();
  }));
  rig.channel->stop(rig.context.clock().mono());
  loops.stop();
}

}  // namespace
}  // namespace sluis::directory
