// What a channel's context is made of, over a real store.
#include <gtest/gtest.h>

#include "gateway/channel_services.h"
#include "tests/gateway/rig.h"

namespace sluis::gateway {
namespace {

TEST(ChannelServices, StateIsTheChannelsOwn) {
  Rig rig;
  StoreChannelState a(*rig.store, "a"), b(*rig.store, "b");
  Status done = Error{"test", "not called"};
  a.put({{"cursor", "42"}, {"uidl/x", "1"}}, [&](const Status& status) { done = status; });
  rig.settle();
  ASSERT_TRUE(done.ok());
  EXPECT_EQ(*a.get("cursor"), "42");
  EXPECT_EQ(*b.get("cursor"), std::nullopt);
  EXPECT_EQ(a.list("uidl/")->size(), 1U);
}

TEST(ChannelServices, MessagesAreTheCustomersOwn) {
  Rig rig;
  SeededRandom random(1);
  IdGenerator ids(rig.clock, random);
  std::map<std::string, MessageId> handed;
  std::map<std::string, DeliveryId> owed;
  for (const std::string customer : {"acme", "zeta"}) {
    Accept accept;
    accept.message.id = ids.next();
    accept.message.customer = customer;
    accept.message.from = "api";
    accept.message.parts.push_back({PartRole::payload, "text/plain", "a.txt", Content::inline_of("bytes")});
    NewDelivery delivery;
    delivery.destination = {"api", customer, ""};
    delivery.customer = customer;
    accept.deliveries.push_back(delivery);
    accept.timeline.push_back({rig.clock.wall(), "accepted", std::nullopt, "accepted", {}});
    handed[customer] = accept.message.id;
    rig.store->submit(std::move(accept), [&, customer](const CommandResult& result) {
      ASSERT_TRUE(result.ok()) << result.error().what;
      owed[customer] = std::get<AcceptDone>(*result).deliveries.at(0);
    });
  }
  rig.settle();
  StoreMessages messages(*rig.store);
  const auto listed = messages.list("acme", {});
  ASSERT_TRUE(listed.ok());
  ASSERT_EQ(listed->size(), 1U);
  EXPECT_EQ(listed->at(0).message.id, handed["acme"]);
  const auto shown = messages.show("acme", handed["acme"]);
  ASSERT_TRUE(shown->has_value());
  EXPECT_EQ((*shown)->deliveries.size(), 1U);
  EXPECT_FALSE((*shown)->timeline.empty());
  EXPECT_FALSE(messages.show("acme", handed["zeta"])->has_value());
  EXPECT_FALSE(messages.delivery("acme", owed["zeta"])->has_value());
  EXPECT_EQ((*messages.delivery("zeta", owed["zeta"]))->message.message.id, handed["zeta"]);
  // Whoever has no name has no messages, also not those that belong to nobody yet.
  EXPECT_TRUE(messages.list("", {})->empty());
  EXPECT_FALSE(messages.show("", handed["acme"])->has_value());
}

TEST(ChannelServices, AnIncidentIsLatchedByItsKey) {
  Rig rig;
  StoreIncidents incidents(*rig.store, rig.clock, rig.log, "digipoort");
  incidents.open("login/acme", Severity::warning, "refused", "acme");
  incidents.open("login/acme", Severity::warning, "refused again", "acme");
  rig.settle();
  auto open = (*rig.store->read(1s))->incidents(true, 10);
  ASSERT_TRUE(open.ok());
  ASSERT_EQ(open->size(), 1U);
  EXPECT_EQ(open->at(0).count, 2);
  EXPECT_EQ(open->at(0).last.key, "digipoort/login/acme");
  incidents.close("login/acme");
  rig.settle();
  EXPECT_TRUE((*rig.store->read(1s))->incidents(true, 10)->empty());
}

TEST(ChannelServices, ALeaseIsRenewedAndGivenBack) {
  Rig rig;
  StoreLeases first(*rig.store, rig.clock, rig.executor, "node-1"), second(*rig.store, rig.clock, rig.executor, "node-2");
  auto lease = first.acquire("pop3/acme", {});
  rig.settle();
  EXPECT_TRUE(lease->held());
  bool other_holds = false;
  const auto other = second.acquire("pop3/acme", [&](bool held) { other_holds = held; });
  rig.settle();
  EXPECT_FALSE(other->held());
  for (int i = 0; i < 12; ++i) {   // four minutes: far longer than one lease
    rig.executor.advance(20s);
    rig.settle();
  }
  EXPECT_TRUE(lease->held()) << "it was renewed";
  EXPECT_FALSE(other_holds);
  lease.reset();
  rig.settle();
  rig.executor.advance(21s);
  rig.settle();
  EXPECT_TRUE(other_holds) << "given back, the next one takes it";
}

TEST(ChannelServices, AccountsFollowTheGeneration) {
  Generations generations;
  auto generation = std::make_shared<Generation>();
  auto own = std::make_shared<Account>(Account{"digipoort", "", {}});
  auto acme = std::make_shared<Account>(Account{"digipoort", "acme", {}});
  auto elsewhere = std::make_shared<Account>(Account{"other", "zeta", {}});
  generation->channels["digipoort"].own_account = own;
  generation->accounts = {{{"digipoort", "acme"}, acme}, {{"other", "zeta"}, elsewhere}};
  auto a = std::make_shared<Customer>(Customer{"acme", "Acme", {{"edi", "1"}}, {}, {}});
  auto b = std::make_shared<Customer>(Customer{"beta", "Beta", {{"edi", "2"}}, {}, {}});
  auto c = std::make_shared<Customer>(Customer{"gamma", "Gamma", {{"edi", "2"}}, {}, {}});
  generation->customers = {{"acme", a}, {"beta", b}, {"gamma", c}};
  generations.swap(generation);
  const GenerationAccounts accounts(generations, "digipoort");
  EXPECT_EQ(accounts.all(), (std::vector<std::shared_ptr<const Account>>{own, acme}));
  EXPECT_EQ(accounts.find("acme"), acme);
  EXPECT_EQ(accounts.find("beta"), own) << "a customer without an account uses the intermediary's";
  EXPECT_EQ(accounts.customer_by("edi", "1"), a);
  EXPECT_EQ(accounts.customer_by("edi", "2"), nullptr) << "two have it: never guess";
}

}  // namespace
}  // namespace sluis::gateway
