#include "adapters/sandbox/accounts.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "tests/temporary_folder.h"

namespace sluis::sandbox {
namespace {

TEST(SandboxAccounts, ReadsUserPasswordAndMailbox) {
  const auto accounts = Accounts::parse("# people\n\nacme secret acme@mail.example\n", "accounts");
  ASSERT_TRUE(accounts);
  ASSERT_NE(accounts->find("acme"), nullptr);
  EXPECT_EQ(accounts->find("acme")->mailbox, "acme@mail.example");
  EXPECT_NE(accounts->check({sasl::Mechanism::plain, "acme", Secret("secret"), "", ""}), nullptr);
}

TEST(SandboxAccounts, WrongPasswordIsNobody) {
  const auto accounts = Accounts::parse("acme secret acme@mail.example\n", "accounts");
  ASSERT_TRUE(accounts);
  EXPECT_EQ(accounts->check({sasl::Mechanism::plain, "acme", Secret("Secret"), "", ""}), nullptr);
}

TEST(SandboxAccounts, FileThatOthersMayReadIsRefused) {
  const tests::TemporaryFolder folder;
  folder.write("accounts", "acme secret acme@mail.example\n");
  using std::filesystem::perms;
  std::filesystem::permissions(folder.path("accounts"), perms::owner_read | perms::group_read);
  const auto open_to_all = Accounts::read(folder.path("accounts"));
  ASSERT_FALSE(open_to_all);
  EXPECT_EQ(open_to_all.error().code, "sandbox.accounts");
  std::filesystem::permissions(folder.path("accounts"), perms::owner_read);
  EXPECT_TRUE(Accounts::read(folder.path("accounts")));
}

TEST(SandboxAccounts, OneMailboxHasOneOwnerAndTheErrorNamesTheLine) {
  const auto accounts = Accounts::parse("a x m@mail.example\nb y m@mail.example\n", "accounts");
  ASSERT_FALSE(accounts);
  EXPECT_TRUE(accounts.error().what.starts_with("accounts:2: ")) << accounts.error().what;
}

TEST(SandboxAccounts, LineWithoutAMailboxIsRefused) {
  EXPECT_FALSE(Accounts::parse("acme secret\n", "accounts"));
}

}  // namespace
}  // namespace sluis::sandbox
