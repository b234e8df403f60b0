// Client and server machines joined in memory: the same session whole, octet by octet, and cut after every octet.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "protocols/pop3/client.h"
#include "protocols/pop3/server.h"

namespace sluis::pop3 {
namespace {

const std::vector<std::string> sent_mails{"A: 1\r\n\r\n.\r\n..dots\r\n",
                                          "A: 2\r\n\r\n" + std::string(120, 'x') + "\r\n", ""};

struct Variant {
  TlsMode tls = TlsMode::stls_required;
  bool plain = true;
  std::size_t piece = std::numeric_limits<std::size_t>::max();
  std::size_t cut_after = std::numeric_limits<std::size_t>::max();  // octets carried in both directions together
  bool commit_works = true;
};

// Both owners and the wire between them.
class Session {
 public:
  explicit Session(const Variant& variant) : variant_(variant), client_(client_config()), server_(server_config()) {}

  void run() {
    client_.start();
    server_.start();
    for (bool more = true; more;) {
      more = take_server() | take_client();
      if (client_tls_ && server_tls_ && to_client_.empty() && to_server_.empty()) {
        client_tls_ = server_tls_ = false;
        server_.on_tls_established();
        client_.on_tls_established();
        more = true;
      }
      more |= carry(to_client_, [&](std::string_view bytes) { client_.on_bytes(bytes); });
      more |= carry(to_server_, [&](std::string_view bytes) { server_.on_bytes(bytes); });
      if (cut_ || (!more && !over_)) {
        cut_ = false;
        over_ = true;
        client_.on_closed("cut");
        server_.on_closed("cut");
        more = true;
      }
    }
  }

  std::vector<std::string> stored;  // mails that the client's owner made durable
  std::optional<Finished> finished;
  std::optional<Failed> failed;
  std::optional<std::vector<std::size_t>> committed;
  std::size_t carried = 0;
  std::size_t locks = 0;

 private:
  ClientConfig client_config() const {
    ClientConfig config;
    config.tls = variant_.tls;
    config.allow_clear = true;
    config.credentials = {"acme", Secret{"s3cret"}};
    return config;
  }
  ServerConfig server_config() const {
    ServerConfig config;
    config.tls = variant_.tls == TlsMode::none       ? ServerTls::none
                 : variant_.tls == TlsMode::implicit ? ServerTls::implicit
                                                     : ServerTls::required;
    config.allow_clear_login = true;
    if (!variant_.plain) config.mechanisms.clear();
    return config;
  }

  template <class Deliver>
  bool carry(std::string& queue, Deliver deliver) {
    if (queue.empty() || over_) return false;
    const std::size_t size = std::min({variant_.piece, queue.size(), variant_.cut_after - carried});
    const std::string piece = queue.substr(0, size);
    queue.erase(0, size);
    carried += size;
    if (!piece.empty()) deliver(piece);
    cut_ = cut_ || carried == variant_.cut_after;
    return true;
  }

  bool take_server() {
    const auto actions = server_.take_actions();
    for (const auto& action : actions) {
      if (const auto* send = std::get_if<Send>(&action)) to_client_ += send->bytes;
      if (std::holds_alternative<StartTls>(action)) server_tls_ = true;
      if (const auto* authenticate = std::get_if<Authenticate>(&action)) {
        EXPECT_TRUE(sasl::verify(authenticate->presented, Secret{"s3cret"}));
        Maildrop drop;
        for (std::size_t i = 0; i < sent_mails.size(); ++i)
          drop.push_back({"u" + std::to_string(i), sent_mails[i].size()});
        ++locks;
        server_.auth_result(AuthResult::granted, std::move(drop));
      }
      if (const auto* fetch = std::get_if<FetchMail>(&action)) server_.mail_data(sent_mails.at(fetch->index), true);
      if (const auto* commit = std::get_if<Commit>(&action)) {
        if (variant_.commit_works) {
          committed = commit->deleted;
          --locks;
        }
        server_.commit_result(variant_.commit_works);
      }
      if (std::holds_alternative<Released>(action)) --locks;
    }
    return !actions.empty();
  }

  bool take_client() {
    const auto actions = client_.take_actions();
    for (const auto& action : actions) {
      if (const auto* send = std::get_if<Send>(&action)) to_server_ += send->bytes;
      if (std::holds_alternative<StartTls>(action)) client_tls_ = true;
      if (std::holds_alternative<Listing>(action)) next();
      if (const auto* chunk = std::get_if<MailChunk>(&action)) partial_ += chunk->bytes;
      if (const auto* end = std::get_if<MailEnd>(&action)) {
        stored.push_back(std::exchange(partial_, {}));
        EXPECT_TRUE(over_ || client_.remove(end->number).ok());
      }
      if (std::holds_alternative<MailAborted>(action)) partial_.clear();
      if (std::holds_alternative<Deleted>(action)) next();
      if (const auto* end = std::get_if<Finished>(&action)) finished = *end;
      if (const auto* end = std::get_if<Failed>(&action)) failed = *end;
    }
    return !actions.empty();
  }
  void next() {
    if (over_) return;  // the cut came before the owner saw these actions
    const int number = static_cast<int>(stored.size()) + 1;
    EXPECT_TRUE((stored.size() < sent_mails.size() ? client_.retrieve(number) : client_.quit()).ok());
  }

  Variant variant_;
  Client client_;
  Server server_;
  std::string to_server_;
  std::string to_client_;
  bool client_tls_ = false;
  bool server_tls_ = false;
  bool cut_ = false;
  bool over_ = false;
  std::string partial_;
};

class Pop3Golden : public ::testing::TestWithParam<Variant> {};

TEST_P(Pop3Golden, FetchesDeletesAndCommits) {
  Session session(GetParam());
  session.run();
  EXPECT_EQ(session.stored, sent_mails);
  ASSERT_TRUE(session.finished);
  EXPECT_TRUE(session.finished->committed);
  EXPECT_THAT(session.committed, ::testing::Optional(::testing::ElementsAre(0U, 1U, 2U)));
  EXPECT_EQ(session.locks, 0U);
}

TEST_P(Pop3Golden, IsTheSameOneOctetAtATime) {
  Variant variant = GetParam();
  Session whole(variant);
  whole.run();
  variant.piece = 1;
  Session single(variant);
  single.run();
  EXPECT_EQ(single.stored, whole.stored);
  EXPECT_EQ(single.carried, whole.carried);
  ASSERT_TRUE(single.finished);
  EXPECT_TRUE(single.finished->committed);
}

// Cut anywhere: the client never believes in a commit that was not; the server never commits without a QUIT that came
// whole; no mail is stored in part; no lock is left. A lost +OK (committed there, not known here) is the one thing
// allowed.
TEST_P(Pop3Golden, CutAfterEveryOctetLosesNothing) {
  Variant variant = GetParam();
  Session golden(variant);
  golden.run();
  for (const std::size_t piece : {std::size_t{1}, std::numeric_limits<std::size_t>::max()}) {
    variant.piece = piece;
    std::size_t lost_ok = 0;
    for (variant.cut_after = 0; variant.cut_after < golden.carried; ++variant.cut_after) {
      Session session(variant);
      session.run();
      EXPECT_NE(session.finished.has_value(), session.failed.has_value()) << variant.cut_after;
      EXPECT_FALSE(session.finished && session.finished->committed && !session.committed) << variant.cut_after;
      EXPECT_LE(session.stored.size(), sent_mails.size());
      for (std::size_t i = 0; i < session.stored.size(); ++i)
        EXPECT_EQ(session.stored[i], sent_mails[i]) << variant.cut_after;
      if (session.committed) {
        EXPECT_EQ(session.stored, sent_mails) << variant.cut_after;
        lost_ok += session.finished && session.finished->committed ? 0 : 1;
      }
      EXPECT_EQ(session.locks, 0U) << variant.cut_after;
    }
    EXPECT_EQ(lost_ok, std::string_view("+OK bye\r\n").size());  // cut before its first octet, up to before its last
  }
}

TEST_P(Pop3Golden, DeletesNothingAndSaysSoWhenTheCommitFails) {
  Variant variant = GetParam();
  variant.commit_works = false;
  Session session(variant);
  session.run();
  ASSERT_TRUE(session.finished);
  EXPECT_FALSE(session.finished->committed);
  EXPECT_EQ(session.locks, 0U);
}

INSTANTIATE_TEST_SUITE_P(Sessions, Pop3Golden,
                         ::testing::Values(Variant{TlsMode::stls_required, true},
                                           Variant{TlsMode::stls_required, false}, Variant{TlsMode::implicit, true},
                                           Variant{TlsMode::none, false}));

}  // namespace
}  // namespace sluis::pop3
