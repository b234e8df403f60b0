#include "adapters/sandbox/maildrops.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "tests/temporary_folder.h"

namespace sluis::sandbox {
namespace {

constexpr std::string_view mailbox = "acme@mail.example";

class SandboxMaildrops : public ::testing::Test {
 protected:
  std::unique_ptr<Maildrops> open() {
    auto opened = Maildrops::open(folder.path(), {std::string(mailbox), "../other@mail.example"}, ids);
    EXPECT_TRUE(opened);
    return std::move(opened).value();
  }
  static std::vector<std::string> uidls(Maildrops& drops) {
    std::vector<std::string> all;
    const auto listing = drops.lock(mailbox);
    EXPECT_TRUE(listing && listing->has_value());
    for (const auto& entry : **listing) all.push_back(entry.uidl);
    drops.unlock(mailbox);
    return all;
  }
  std::string deliver(Maildrops& drops, std::string mail) {
    const auto uidl = drops.deliver(mailbox, std::move(mail));
    EXPECT_TRUE(uidl);
    return *uidl;
  }
  tests::TemporaryFolder folder;
  ManualClock clock;
  SeededRandom random{11};
  IdGenerator ids{clock, random};
};

TEST_F(SandboxMaildrops, UidlAndOrderAreTheSameAfterARestart) {
  std::vector<std::string> given;
  {
    const auto drops = open();
    for (const char* mail : {"A: 1\r\n\r\none\r\n", "A: 2\r\n\r\ntwo\r\n", "A: 3\r\n\r\nthree\r\n"})
      given.push_back(deliver(*drops, mail));
    EXPECT_EQ(uidls(*drops), given);
  }
  EXPECT_EQ(uidls(*open()), given);
}

TEST_F(SandboxMaildrops, SizeIsThatOfTheOctetsSent) {
  const auto drops = open();
  const auto uidl = deliver(*drops, "A: 1\r\n\r\nno end of line");
  const auto listing = drops->lock(mailbox);
  ASSERT_TRUE(listing && listing->has_value());
  const auto mail = drops->read(mailbox, uidl);
  ASSERT_TRUE(mail);
  EXPECT_EQ((**listing)[0].size, mail->size());
}

TEST_F(SandboxMaildrops, SecondSessionIsNotLetIn) {
  const auto drops = open();
  const auto first = drops->lock(mailbox);
  ASSERT_TRUE(first && first->has_value());
  const auto second = drops->lock(mailbox);
  ASSERT_TRUE(second);
  EXPECT_FALSE(second->has_value());
  drops->unlock(mailbox);
  EXPECT_TRUE(drops->lock(mailbox)->has_value());
}

TEST_F(SandboxMaildrops, RemovalIsThereAfterARestart) {
  std::string stays;
  {
    const auto drops = open();
    const auto goes = deliver(*drops, "A: 1\r\n\r\n");
    stays = deliver(*drops, "A: 2\r\n\r\n");
    EXPECT_TRUE(drops->remove(mailbox, {goes}));
    EXPECT_EQ(uidls(*drops), std::vector{stays});
  }
  EXPECT_EQ(uidls(*open()), std::vector{stays});
}

TEST_F(SandboxMaildrops, RestartFinishesARemovalThatACrashInterrupted) {
  const auto drops = open();
  const auto one = deliver(*drops, "A: 1\r\n\r\n");
  const auto two = deliver(*drops, "A: 2\r\n\r\n");
  folder.write("maildrops/acme@mail.example/leaving", one + ".eml\n" + two + ".eml\n");
  std::filesystem::remove(folder.path("maildrops/acme@mail.example/" + one + ".eml"));
  EXPECT_TRUE(uidls(*open()).empty());
  EXPECT_FALSE(folder.has("maildrops/acme@mail.example/leaving"));
}

TEST_F(SandboxMaildrops, MailThatPop3CannotCarryIsRefused) {
  EXPECT_FALSE(open()->deliver(mailbox, "A: 1\n\nbare line feeds\n"));
}

TEST_F(SandboxMaildrops, NoAddressLeadsOutOfTheFolder) {
  const auto drops = open();
  EXPECT_TRUE(drops->deliver("../other@mail.example", "A: 1\r\n\r\n"));
  EXPECT_EQ(folder.names(), std::set<std::string>{"maildrops"});
  EXPECT_EQ(folder.names("maildrops").size(), 2U);
}

TEST_F(SandboxMaildrops, UnknownMailboxIsAnError) {
  EXPECT_EQ(open()->deliver("nobody@mail.example", "A: 1\r\n\r\n").error().code, "sandbox.mailbox");
}

}  // namespace
}  // namespace sluis::sandbox
