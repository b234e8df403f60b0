// The API over a real listener: what it takes, what it says, and what it never shows.
#include <gtest/gtest.h>

#include "tests/adapters/http/http_rig.h"

namespace sluis::http {
namespace {

TEST(HttpSubmission, IsCreatedAfterTheCommitWithItsPlace) {
  HttpRig rig;
  const Answer answer =
      rig.submit("UNB+…'", "key-1", "?flow=douane/uitvoer&reference=R1&file=a.edi&attribute.office=RTM&recipient=x");
  ASSERT_EQ(answer.result.status, 201) << answer.response.body;
  const std::string id = json_of(answer)["message"];
  EXPECT_EQ(answer.response.headers.get("Location"), "/v1/messages/" + id);
  const auto arrivals = rig.context.arrivals();
  ASSERT_EQ(arrivals.size(), 1U);
  EXPECT_EQ(arrivals[0].from.customer, "acme");
  EXPECT_TRUE(arrivals[0].from.submission);
  EXPECT_EQ(arrivals[0].key->text, "acme/key-1");
  EXPECT_EQ(arrivals[0].attributes.get("flow"), "douane/uitvoer");
  EXPECT_EQ(arrivals[0].attributes.get("reference"), "R1");
  EXPECT_EQ(arrivals[0].attributes.get("http.office"), "RTM");
  EXPECT_EQ(arrivals[0].attributes.get("http.recipient"), "x");
  EXPECT_EQ(arrivals[0].parts[0].file_name, "a.edi");
  EXPECT_EQ(arrivals[0].parts[0].media_type, "application/edifact");
  EXPECT_EQ(*arrivals[0].parts[0].content.bytes, "UNB+…'");
}

TEST(HttpSubmission, ALargeBodyGoesToTheContentStoreInPieces) {
  HttpRig rig;
  std::string body(3'000'001, 'x');
  for (std::size_t i = 0; i < body.size(); i += 4096) body[i] = static_cast<char>('a' + i / 4096 % 26);
  ASSERT_EQ(rig.submit(body, "large").result.status, 201);
  const Content content = rig.context.arrivals().at(0).parts[0].content;
  EXPECT_EQ(content.size, body.size());
  EXPECT_EQ(content.sha256, sha256(body));
}

TEST(HttpSubmission, AFormIsAPayloadWithAttachments) {
  HttpRig rig;
  const std::string big(700'000, 'p');
  const std::string form =
      "--b\r\nContent-Disposition: form-data; name=\"payload\"; filename=\"a.xml\"\r\nContent-Type: "
      "application/xml\r\n\r\n"
      "<a/>\r\n--b\r\nContent-Disposition: form-data; name=\"more\"; filename=\"b.pdf\"\r\n\r\n" +
      big + "\r\n--b--\r\n";
  const Answer answer = rig.call("POST", "/v1/messages", form,
                                 {{"Idempotency-Key", "f"}, {"Content-Type", "multipart/form-data; boundary=b"}});
  ASSERT_EQ(answer.result.status, 201) << answer.response.body;
  const Parts parts = rig.context.arrivals().at(0).parts;
  ASSERT_EQ(parts.size(), 2U);
  EXPECT_EQ(parts[0].role, PartRole::payload);
  EXPECT_EQ(parts[0].media_type, "application/xml");
  EXPECT_EQ(parts[0].file_name, "a.xml");
  EXPECT_EQ(*parts[0].content.bytes, "<a/>");
  EXPECT_EQ(parts[1].role, PartRole::attachment);
  EXPECT_EQ(parts[1].content.sha256, sha256(big));
  EXPECT_EQ(rig.context.arrivals().at(0).attributes.get("file.name"), "a.xml");
}

TEST(HttpSubmission, ABrokenFormIsRefused) {
  HttpRig rig;
  const auto post = [&](const std::string& type, const std::string& body) {
    return rig.call("POST", "/v1/messages", body, {{"Idempotency-Key", "f"}, {"Content-Type", type}});
  };
  EXPECT_EQ(code_of(post("multipart/form-data", "x")), "multipart.boundary");
  const Answer cut = post("multipart/form-data; boundary=b", "--b\r\n\r\nhalf");
  EXPECT_EQ(cut.result.status, 400);
  EXPECT_EQ(code_of(cut), "multipart.end");
  EXPECT_TRUE(rig.context.arrivals().empty());
}

TEST(HttpSubmission, TheSameKeyWithTheSameBytesIsTheFirstMessage) {
  HttpRig rig;
  const MessageId first = *Uuid::parse("01890000-0000-7000-8000-000000000001");
  rig.context.answers = {Accepted{first, true, true, {}}, Accepted{first, true, false, {}}};
  const Answer again = rig.submit("a", "key");
  EXPECT_EQ(again.result.status, 200);
  EXPECT_EQ(json_of(again)["message"], first.text());
  EXPECT_TRUE(json_of(again)["duplicate"]);
  const Answer other = rig.submit("b", "key");
  EXPECT_EQ(other.result.status, 422);
  EXPECT_EQ(code_of(other), "idempotency.reused");
}

TEST(HttpSubmission, RefusalsSayWhatToDo) {
  HttpRig rig;
  rig.context.answers = {Refusal{Error{"intake.unrouted", "no route"}}, Refusal{Error{"intake.duplicate", "again"}},
                         Refusal{Error{"store.full", "full"}, true}, Refusal{Error{"intake.quota", "too much"}, true}};
  const Answer unrouted = rig.submit("a", "1");
  EXPECT_EQ(unrouted.result.status, 422);
  EXPECT_EQ(json_of(unrouted)["detail"], "no route");
  EXPECT_EQ(unrouted.response.headers.get("Content-Type"), "application/problem+json");
  EXPECT_EQ(rig.submit("a", "2").result.status, 409);
  const Answer full = rig.submit("a", "3");
  EXPECT_EQ(full.result.status, 503);
  EXPECT_TRUE(full.response.headers.has("Retry-After"));
  const Answer quota = rig.submit("a", "4");
  EXPECT_EQ(quota.result.status, 429);
  EXPECT_TRUE(quota.response.headers.has("Retry-After"));
}

TEST(HttpSubmission, WhatIsNotUnderstoodIsRefusedBeforeTheBody) {
  HttpRig rig;
  EXPECT_EQ(code_of(rig.call("POST", "/v1/messages", "a")), "idempotency.key");
  EXPECT_EQ(code_of(rig.submit("a", std::string(256, 'k'))), "idempotency.key");
  EXPECT_EQ(code_of(rig.submit("a", "k", "?flaw=x")), "request.query");
  EXPECT_EQ(code_of(rig.submit("", "k")), "message.empty");
  EXPECT_TRUE(rig.context.arrivals().empty());
}

TEST(HttpSubmission, ABodyAboveTheLimitIsTooLarge) {
  HttpRig rig({{"max-size", std::int64_t{1000}}});
  EXPECT_EQ(rig.submit(std::string(1001, 'x'), "k").result.status, 413);
  EXPECT_EQ(rig.submit(std::string(1000, 'x'), "k").result.status, 201);
}

TEST(HttpSubmission, AKeyIsTheCustomersOwn) {
  HttpRig rig;
  rig.submit("a", "same");
  rig.call("POST", "/v1/messages", "b", {{"Idempotency-Key", "same"}}, "token-of-zeta");
  const auto arrivals = rig.context.arrivals();
  ASSERT_EQ(arrivals.size(), 2U);
  EXPECT_NE(arrivals[0].key->text, arrivals[1].key->text);
}

TEST(HttpLogin, EveryFailureLooksTheSame) {
  HttpRig rig;
  const Answer none = rig.call("GET", "/v1/messages", "", {}, ""),
               wrong = rig.call("GET", "/v1/messages", "", {}, "guess");
  const Answer other = rig.call("GET", "/v1/messages", "", {{"Authorization", "Basic YTpi"}}, "");
  for (const Answer* answer : {&none, &wrong, &other}) {
    EXPECT_EQ(answer->result.status, 401);
    EXPECT_EQ(answer->response.headers.get("WWW-Authenticate"), "Bearer realm=\"sluis\"");
    EXPECT_EQ(answer->response.body, none.response.body);
  }
}

TEST(HttpLogin, GuessingIsSlowedDownAndAValidTokenStillGetsIn) {
  HttpRig rig({{"login-failures", std::int64_t{2}}});
  EXPECT_EQ(rig.call("GET", "/v1/messages", "", {}, "guess").result.status, 401);
  EXPECT_EQ(rig.call("GET", "/v1/messages", "", {}, "guess").result.status, 401);
  const Answer limited = rig.call("GET", "/v1/messages", "", {}, "guess");
  EXPECT_EQ(limited.result.status, 429);
  EXPECT_TRUE(limited.response.headers.has("Retry-After"));
  EXPECT_EQ(rig.call("GET", "/v1/messages").result.status, 200);
}

TEST(HttpLogin, AReloadTakesANewTokenAndForgetsTheOld) {
  HttpRig rig;
  rig.context.account_list.clear();
  rig.add("acme", "fresh");
  rig.context.change_accounts({});
  EXPECT_EQ(rig.call("GET", "/v1/messages").result.status, 401);
  EXPECT_EQ(rig.call("GET", "/v1/messages", "", {}, "fresh").result.status, 200);
}

TEST(HttpLogin, NoTokenIsEverLogged) {
  HttpRig rig;
  rig.call("GET", "/v1/messages", "", {}, "canary-9f3a");
  rig.submit("a", "k");
  EXPECT_EQ(rig.context.log_text().find("canary-9f3a"), std::string::npos);
  EXPECT_EQ(rig.context.log_text().find("token-of-acme"), std::string::npos);
}

TEST(HttpApi, WithoutTlsNothingIsServedUnlessAllowed) {
  HttpRig rig({{"clear-text", false}});
  EXPECT_EQ(code_of(rig.call("GET", "/v1/messages")), "http.clear-text");
}

TEST(HttpApi, UnknownPathsAndMethodsAreTold) {
  HttpRig rig;
  EXPECT_EQ(rig.call("GET", "/v1/nothing").result.status, 404);
  EXPECT_EQ(rig.call("GET", "/v1").result.status, 404);
  EXPECT_EQ(rig.call("GET", "/v1/answers/1/parts/0").result.status, 404);
  const Answer answer = rig.call("DELETE", "/v1/messages");
  EXPECT_EQ(answer.result.status, 405);
  EXPECT_EQ(answer.response.headers.get("Allow"), "GET, HEAD, POST");
}

TEST(HttpApi, ServesItsDescriptionUnderItsOwnPath) {
  HttpRig rig({{"path", std::string("/test/v1")}});
  const Answer answer = rig.call("GET", "/test/v1/openapi.yaml", "", {}, "");
  EXPECT_EQ(answer.result.status, 200);
  EXPECT_NE(answer.response.body.find("url: /test/v1\n"), std::string::npos);
}

TEST(HttpApi, AHeadIsAGetWithoutItsBody) {
  HttpRig rig;
  rig.waiting("acme", 1, "hello");
  const Answer answer = rig.call("HEAD", "/v1/answers/1/parts/1");
  EXPECT_EQ(answer.result.status, 200);
  EXPECT_EQ(answer.response.headers.get("Content-Length"), "5");
  EXPECT_EQ(answer.response.body, "");
}

TEST(HttpAnswers, WaitAreFetchedAndAcknowledged) {
  HttpRig rig;
  const auto one = rig.waiting("acme", 7, "<answer/>", "ärger \"1\".xml");
  const auto listed = json_of(rig.call("GET", "/v1/answers"));
  ASSERT_EQ(listed["answers"].size(), 1U);
  EXPECT_EQ(listed["answers"][0]["answer"], "7");
  EXPECT_EQ(listed["answers"][0]["message"], one.message.id.text());
  const Answer part = rig.call("GET", listed["answers"][0]["parts"][0]["href"].get<std::string>());
  EXPECT_EQ(part.response.body, "<answer/>");
  EXPECT_EQ(part.response.headers.get("Content-Type"), "application/xml");
  EXPECT_EQ(part.response.headers.get("Content-Disposition"), "attachment; filename*=UTF-8''%C3%A4rger%20%221%22.xml");
  const Answer done = rig.call("POST", "/v1/answers/7/acknowledge");
  EXPECT_EQ(done.result.status, 200);
  const auto settled = rig.context.settled();
  ASSERT_EQ(settled.size(), 1U);
  EXPECT_EQ(std::get<DeliveryId>(settled[0].target), DeliveryId{7});
  EXPECT_EQ(std::get<Delivered>(settled[0].verdict).receipt.text, "acknowledged by acme");
}

TEST(HttpAnswers, AcknowledgingAgainChangesNothing) {
  HttpRig rig;
  rig.waiting("acme", 7, "x");
  rig.context.test_messages.stored[0].deliveries[0].state = DeliveryState::delivered;
  const Answer again = rig.call("POST", "/v1/answers/7/acknowledge");
  EXPECT_EQ(again.result.status, 200);
  EXPECT_TRUE(json_of(again)["again"]);
  EXPECT_TRUE(rig.context.settled().empty());
}

TEST(HttpAnswers, LargeContentComesWhole) {
  HttpRig rig;
  std::string big(5'000'000, 'y');
  for (std::size_t i = 0; i < big.size(); i += 1000) big[i] = static_cast<char>('a' + i / 1000 % 26);
  const auto writer = rig.context.content().write();
  ASSERT_TRUE(writer->write(big).ok());
  rig.waiting("acme", 3, "small");
  rig.context.test_messages.stored[0].message.parts[0].content = *writer->finish();
  const Answer answer = rig.call("GET", "/v1/answers/3/parts/1");
  EXPECT_EQ(answer.response.body.size(), big.size());
  EXPECT_EQ(sha256(answer.response.body), sha256(big));
}

TEST(HttpAnswers, PurgedContentIsGone) {
  HttpRig rig;
  rig.waiting("acme", 3, "x");
  rig.context.test_messages.stored[0].purged_bodies = true;
  EXPECT_EQ(rig.call("GET", "/v1/answers/3/parts/1").result.status, 410);
}

TEST(HttpApi, AnotherCustomersMessagesAreNotThere) {
  HttpRig rig;
  const auto theirs = rig.waiting("zeta", 9, "secret of zeta");
  const std::string id = theirs.message.id.text();
  for (const std::string& path : {"/v1/messages/" + id, "/v1/messages/" + id + "/parts/1", std::string("/v1/answers/9"),
                                  std::string("/v1/answers/9/parts/1")})
    EXPECT_EQ(rig.call("GET", path).result.status, 404) << path;
  EXPECT_EQ(rig.call("POST", "/v1/answers/9/acknowledge").result.status, 404);
  EXPECT_TRUE(rig.context.settled().empty());
  EXPECT_TRUE(json_of(rig.call("GET", "/v1/messages"))["messages"].empty());
  EXPECT_TRUE(json_of(rig.call("GET", "/v1/answers"))["answers"].empty());
  EXPECT_EQ(rig.call("GET", "/v1/answers/9", "", {}, "token-of-zeta").result.status, 200) << "to zeta they are";
}

TEST(HttpApi, ADeliveryOnAnotherChannelIsNoAnswerOfThisOne) {
  HttpRig rig;
  rig.waiting("acme", 5, "x");
  rig.context.test_messages.stored[0].deliveries[0].destination.channel = "drop";
  EXPECT_EQ(rig.call("GET", "/v1/answers/5").result.status, 404);
  EXPECT_EQ(rig.call("POST", "/v1/answers/5/acknowledge").result.status, 404);
}

TEST(HttpChannel, WithoutAWebhookADeliveryWaits) {
  HttpRig rig;
  auto delivery = tests::make_delivery("acme", {tests::make_part("x", "text/plain", "x.txt")});
  tests::Ending ending;
  rig.channel->deliver(tests::make_attempt(delivery, ending));
  ASSERT_TRUE(ending.has_value());
  EXPECT_TRUE(std::holds_alternative<HandedOver>(ending.get()->verdict));
}

TEST(HttpChannel, StoppingLeavesTheListener) {
  HttpRig rig;
  EXPECT_EQ(rig.context.test_listeners.prefixes(), std::vector<std::string>{"/v1"});
  rig.channel->stop(rig.clock.mono() + 5s);
  EXPECT_TRUE(rig.context.test_listeners.prefixes().empty());
  EXPECT_EQ(rig.call("GET", "/v1/messages").result.status, 404);
}

}  // namespace
}  // namespace sluis::http
