// Webhooks: the signature, the envelope, and what each answer of the other side means.
#include "adapters/http/webhook.h"

#include <gtest/gtest.h>

#include <deque>

#include "core/net/http/server.h"
#include "core/runtime/base64.h"
#include "tests/adapters/http/http_rig.h"

namespace sluis::http {
namespace {

const std::string key_text = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

// The example of the Standard Webhooks specification.
TEST(Webhook, IsSignedAsTheSpecificationsExample) {
  const auto key = parse_webhook_secret(key_text);
  ASSERT_TRUE(key.ok());
  EXPECT_EQ(webhook_signature(*key, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", R"({"test": 2432232314})"),
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

TEST(Webhook, RetryAfterIsSecondsOrADateAndAtMostADay) {
  const WallTime now = *parse_rfc3339("1994-11-06T08:49:00Z");
  EXPECT_EQ(parse_retry_after("120", now), Duration{120s});
  EXPECT_EQ(parse_retry_after("Sun, 06 Nov 1994 08:49:37 GMT", now), Duration{37s});
  EXPECT_EQ(parse_retry_after("Sun, 06 Nov 1994 08:48:37 GMT", now), Duration{0});
  EXPECT_EQ(parse_retry_after("99999999", now), Duration{std::chrono::hours{24}});
  EXPECT_EQ(parse_retry_after("soon", now), std::nullopt);
}

std::string word(int status) {
  net::http::ClientResult result;
  result.verdict = net::http::Verdict::answered;
  result.status = status;
  static constexpr const char* words[] = {"delivered", "handed over", "retry", "rejected", "held"};
  return words[verdict_of(result, {}, "", {}).index()];
}

TEST(Webhook, EachStatusHasItsMeaning) {
  for (const int status : {200, 201, 202, 204}) EXPECT_EQ(word(status), "delivered") << status;
  for (const int status : {400, 409, 410, 413, 415, 422}) EXPECT_EQ(word(status), "rejected") << status;
  for (const int status : {301, 302, 401, 403, 404, 405}) EXPECT_EQ(word(status), "held") << status;
  for (const int status : {408, 425, 429, 500, 502, 503}) EXPECT_EQ(word(status), "retry") << status;
}

TEST(Webhook, NoAnswerToAWholeRequestIsDoubt) {
  net::http::ClientResult result;
  result.verdict = net::http::Verdict::in_doubt;
  result.error = Error{"net.reset", "reset"};
  EXPECT_TRUE(std::get<Retry>(verdict_of(result, {}, "", {})).in_doubt);
  result.verdict = net::http::Verdict::not_sent;
  EXPECT_FALSE(std::get<Retry>(verdict_of(result, {}, "", {})).in_doubt);
}

// A customer's server that answers what the test says and keeps what it got.
class Hook {
 public:
  explicit Hook(HttpRig& rig) : server_(rig.clock) {
    net::http::Mount mount;
    mount.serve = net::http::collect_body(
        [this](const net::http::Request& request, const std::string& body, const net::http::Responder& responder) {
          const std::lock_guard lock(mutex_);
          requests.push_back({request, body});
          net::http::Response response = net::http::Response::text(200, "ok");
          if (!answers.empty()) {
            response = answers.front();
            answers.pop_front();
          }
          responder.respond(response);
        });
    lease_ = std::move(*server_.mount(std::move(mount)));
    listener_ = std::move(*net::Listener::open(rig.loops, *net::Address::parse("127.0.0.1:0"), server_.sessions()));
    url = "http://127.0.0.1:" + std::to_string(listener_->port()) + "/hook";
  }
  ~Hook() {
    listener_->stop();
    std::promise<void> gone;
    server_.stop(Duration::zero(), [&] { gone.set_value(); });
    gone.get_future().wait();
  }

  struct Got {
    net::http::Request request;
    std::string body;
  };
  std::vector<Got> requests;  // read once the delivery has ended
  std::deque<net::http::Response> answers;
  std::string url;

 private:
  std::mutex mutex_;
  net::http::HttpServer server_;
  net::http::MountLease lease_;
  std::unique_ptr<net::Listener> listener_;
};

Outcome deliver(HttpRig& rig, const std::shared_ptr<Delivery>& delivery) {
  tests::Ending ending;
  rig.channel->deliver(tests::make_attempt(delivery, ending));
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds{20};
  while (!ending.has_value() && std::chrono::steady_clock::now() < until) std::this_thread::yield();
  EXPECT_TRUE(ending.has_value()) << "the attempt did not end";
  EXPECT_FALSE(ending.dropped());
  return ending.get().value_or(Outcome{});
}

std::shared_ptr<Delivery> answer_for(HttpRig& rig, const std::string& customer, const std::string& content) {
  auto delivery = tests::make_delivery(customer, {tests::make_part(content, "application/xml", "a.xml")});
  delivery->destination = {"api", customer, ""};
  delivery->identity = rig.channel->identify(*delivery);
  return delivery;
}

TEST(WebhookDelivery, PostsASignedEnvelopeWithLinks) {
  HttpRig rig;
  Hook hook(rig);
  rig.add("hooked", "", {{"webhook.url", hook.url}, {"webhook.secret", Secret{key_text}}});
  const auto delivery = answer_for(rig, "hooked", "<a/>");
  const Outcome outcome = deliver(rig, delivery);
  ASSERT_TRUE(std::holds_alternative<Delivered>(outcome.verdict));
  ASSERT_EQ(hook.requests.size(), 1U);
  const auto& [request, body] = hook.requests[0];
  const auto said = nlohmann::json::parse(body);
  EXPECT_EQ(said["type"], "answer.available");
  EXPECT_EQ(said["data"]["message"], delivery->message->id.text());
  EXPECT_EQ(said["data"]["parts"][0]["href"], "/v1/answers/" + std::to_string(number(delivery->id)) + "/parts/1");
  EXPECT_EQ(request.headers.get("webhook-id"), delivery->identity.value);
  EXPECT_EQ(request.headers.get("webhook-signature"),
            webhook_signature(*parse_webhook_secret(key_text), request.headers.get("webhook-id"),
                              request.headers.get("webhook-timestamp"), body));
}

TEST(WebhookDelivery, EveryTryHasTheSameId) {
  HttpRig rig;
  Hook hook(rig);
  rig.add("hooked", "", {{"webhook.url", hook.url}, {"webhook.secret", Secret{key_text}}});
  net::http::Response later = net::http::Response::text(503, "later");
  later.headers.add("Retry-After", "17");
  hook.answers = {later};
  const auto delivery = answer_for(rig, "hooked", "<a/>");
  const Outcome first = deliver(rig, delivery);
  const auto* retry = std::get_if<Retry>(&first.verdict);
  ASSERT_NE(retry, nullptr);
  EXPECT_EQ(retry->not_before, Duration{17s});
  EXPECT_EQ(retry->scope, Retry::Scope::account);
  EXPECT_TRUE(std::holds_alternative<Delivered>(deliver(rig, delivery).verdict));
  ASSERT_EQ(hook.requests.size(), 2U);
  EXPECT_EQ(hook.requests[0].request.headers.get("webhook-id"), hook.requests[1].request.headers.get("webhook-id"));
}

TEST(WebhookDelivery, MayPostThePayloadItself) {
  HttpRig rig;
  Hook hook(rig);
  rig.add("hooked", "",
          {{"webhook.url", hook.url}, {"webhook.secret", Secret{key_text}}, {"webhook.body", std::string("content")}});
  deliver(rig, answer_for(rig, "hooked", "<a/>"));
  ASSERT_EQ(hook.requests.size(), 1U);
  EXPECT_EQ(hook.requests[0].body, "<a/>");
  EXPECT_EQ(hook.requests[0].request.headers.get("Content-Type"), "application/xml");
}

TEST(WebhookDelivery, AReportIsInItsEnvelope) {
  HttpRig rig;
  Hook hook(rig);
  rig.add("hooked", "", {{"webhook.url", hook.url}, {"webhook.secret", Secret{key_text}}});
  const auto delivery = answer_for(rig, "hooked", R"({"state":"delivered"})");
  auto message = std::make_shared<Message>(*delivery->message);
  message->attributes.set("kind", "report");
  delivery->message = message;
  deliver(rig, delivery);
  ASSERT_EQ(hook.requests.size(), 1U);
  const auto said = nlohmann::json::parse(hook.requests[0].body);
  EXPECT_EQ(said["type"], "report");
  EXPECT_EQ(said["data"]["report"]["state"], "delivered");
}

TEST(WebhookDelivery, AClosedDoorIsTriedAgainWithoutDoubt) {
  HttpRig rig;
  std::string url;
  {
    Hook hook(rig);
    url = hook.url;
  }
  rig.add("hooked", "", {{"webhook.url", url}, {"webhook.secret", Secret{key_text}}});
  const Outcome outcome = deliver(rig, answer_for(rig, "hooked", "x"));
  const auto* retry = std::get_if<Retry>(&outcome.verdict);
  ASSERT_NE(retry, nullptr);
  EXPECT_FALSE(retry->in_doubt);
  EXPECT_EQ(rig.context.log_text().find("MfKQ9r8GKYq"), std::string::npos) << "the secret is not logged";
}

}  // namespace
}  // namespace sluis::http
