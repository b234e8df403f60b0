// Peers that talk nonsense made of the protocol's own words: the machines end, once, and never claim what was not said.
#include <gtest/gtest.h>

#include <array>
#include <random>
#include <string>
#include <string_view>

#include "tests/protocols/pop3/scripted_client.h"
#include "tests/protocols/pop3/scripted_server.h"

namespace sluis::pop3 {
namespace {

constexpr std::array<std::string_view, 14> server_words{
    "+OK\r\n",  "-ERR\r\n",       "+ \r\n",   "1 a\r\n",         "1 10\r\n", ".\r\n", "..x\r\n",
    "STLS\r\n", "SASL PLAIN\r\n", "UIDL\r\n", "-ERR [AUTH]\r\n", "\r",       "\n",    "99999999999999999999 1\r\n"};
constexpr std::array<std::string_view, 14> client_words{
    "USER acme\r\n", "PASS s3 cret \r\n", "CAPA\r\n", "STAT\r\n", "RETR 1\r\n", "TOP 2 1\r\n", "DELE 1\r\n",
    "RSET\r\n",      "AUTH PLAIN\r\n",    "*\r\n",    "STLS\r\n", "UIDL 9\r\n", "QUIT\r\n",    "=\r\n"};

TEST(Pop3Noise, ClientEndsOnceAndCommitsOnlyOnOkToQuit) {
  for (unsigned seed = 0; seed < 3'000; ++seed) {
    std::mt19937 random(seed);
    ScriptedClient session(seed % 2 == 0 ? ScriptedClient::clear() : ScriptedClient::stls());
    bool quit_sent = false;
    for (int i = 0; i < 60; ++i) {
      session.hears(server_words[random() % server_words.size()]);
      if (!session.all<StartTls>().empty()) session.client.on_tls_established();
      if (session.client.ready()) {
        const auto choice = random() % 5;
        if (choice == 0)
          quit_sent = session.client.quit().ok();
        else
          EXPECT_TRUE((choice < 3 ? session.client.retrieve(1) : session.client.remove(1)).ok());
      }
      session.collect();
    }
    session.client.on_closed("the end");
    session.collect();
    const auto finished = session.all<Finished>();
    EXPECT_EQ(finished.size() + session.all<Failed>().size(), 1U) << "seed " << seed;
    EXPECT_EQ(session.all<Close>().size(), 1U) << "seed " << seed;
    EXPECT_FALSE(!quit_sent && !finished.empty() && finished.front().committed) << "seed " << seed;
  }
}

TEST(Pop3Noise, ServerSettlesEveryMaildropOnce) {
  std::size_t logins = 0;
  for (unsigned seed = 0; seed < 3'000; ++seed) {
    std::mt19937 random(seed);
    ScriptedServer session;
    for (int i = 0; i < 40; ++i) session.hears(client_words[random() % client_words.size()]);
    session.server.on_closed("the end");
    session.collect();
    std::size_t granted = 0;
    for (const auto& asked : session.all<Authenticate>())
      if (sasl::verify(asked.presented, Secret{"s3 cret "})) ++granted;
    EXPECT_EQ(session.all<Commit>().size() + session.all<Released>().size(), granted) << "seed " << seed;
    logins += granted;
    EXPECT_EQ(session.all<Close>().size(), 1U) << "seed " << seed;
  }
  EXPECT_GT(logins, 100U);  // or the noise tests nothing
}

}  // namespace
}  // namespace sluis::pop3
