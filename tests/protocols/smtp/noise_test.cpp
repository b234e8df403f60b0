// Octets without sense: the machines answer or close, never crash, and take no mail that was not ended. Seeds are
// printed.
#include <gmock/gmock.h>

#include <random>

#include "tests/protocols/smtp/joined.h"

namespace sluis::smtp::test {
namespace {

constexpr unsigned rounds = 3000;

// A conversation's octets with a few of them changed, dropped, doubled or moved; sometimes nothing but noise.
std::string mutate(std::string text, std::mt19937& random) {
  static constexpr std::string_view spice{"\r\n.\0 <>@:=+,;\"\\[]-250354A\xff\x80", 28};
  const std::size_t changes = random() % 6;
  for (std::size_t i = 0; i < changes && !text.empty(); ++i) {
    const std::size_t at = random() % text.size();
    switch (random() % 4) {
      case 0: text[at] = spice[random() % spice.size()]; break;
      case 1: text.erase(at, random() % 8 + 1); break;
      case 2: text.insert(at, text.substr(random() % text.size(), random() % 60)); break;
      default: text.insert(at, 1, spice[random() % spice.size()]); break;
    }
  }
  return text;
}

TEST(SmtpNoise, LeavesTheServerSoundWhateverComes) {
  const std::string golden =
      "EHLO c.test\r\nMAIL FROM:<a@example.test> SIZE=20 RET=FULL ENVID=x BODY=8BITMIME\r\nRCPT TO:<b@example.test> "
      "NOTIFY=FAILURE ORCPT=rfc822;b@example.test\r\nDATA\r\nReceived: x\r\n\r\n..a\r\n.\r\nAUTH PLAIN "
      "AHUAdw==\r\nAUTH "
      "LOGIN\r\ndQ==\r\ndw==\r\nVRFY x\r\nRSET\r\nSTARTTLS\r\nQUIT\r\n";
  for (unsigned seed = 1; seed <= rounds; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    ServerConfig config = open_server();
    config.allow_clear_auth = true;
    config.tls = TlsState::offered;
    config.mechanisms = {sasl::Mechanism::plain, sasl::Mechanism::login};
    ServerSession s(config);
    s.greeted();
    const std::string input = mutate(golden, random);
    std::size_t at = 0;
    while (at < input.size()) {
      // By lines, as a client that waits its turn, or by pieces that do not care.
      std::size_t size = random() % 8 == 0 ? random() % 30 + 1 : input.find('\n', at) - at + 1;
      size = std::min(size, input.size() - at);
      s.say(std::string_view{input}.substr(at, size));
      at += size;
    }
    s.server.on_closed("end");
    s.run();
    EXPECT_EQ(s.closes, 1);
    EXPECT_EQ(s.mails.size(), s.ends.size());
    EXPECT_LE(s.mails.size() + s.aborts.size(), s.mail_from.size());
    EXPECT_TRUE(s.mails.empty() || input.find("\r\n.\r\n") != std::string::npos);
  }
}

TEST(SmtpNoise, LeavesTheClientSoundWhateverComes) {
  const std::string golden =
      "220 mx\r\n250-mx\r\n250-PIPELINING\r\n250-AUTH PLAIN LOGIN\r\n250 SIZE 1000\r\n235 2.7.0 ok\r\n250 2.1.0 "
      "ok\r\n250 2.1.5 "
      "ok\r\n354 go\r\n250 2.0.0 queued\r\n221 bye\r\n";
  for (unsigned seed = 1; seed <= rounds; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    ClientConfig config = clear_client();
    config.mechanisms = {sasl::Mechanism::plain, sasl::Mechanism::login};
    config.allow_clear_auth = true;
    ClientSession s(config);
    s.client.start();
    s.run();
    std::size_t submitted = 0;
    const std::string input = mutate(golden, random);
    for (std::size_t at = 0; at < input.size();) {
      const std::size_t size = std::min<std::size_t>(random() % 30 + 1, input.size() - at);
      s.hear(std::string_view{input}.substr(at, size));
      at += size;
      if (s.client.stage() != Stage::ready) continue;
      s.submit(one_mail());
      ++submitted;
    }
    s.client.on_closed("end");
    s.run();
    EXPECT_EQ(s.closes, 1);
    EXPECT_EQ(s.results.size(), submitted);
    for (const TransactionResult& result : s.results) EXPECT_EQ(result.accepted, !result.failure.has_value());
  }
}

TEST(SmtpNoise, IsReadTheSameHoweverItIsCut) {
  for (unsigned seed = 1; seed <= rounds; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    const std::string input = mutate("a\r\n..b\r\n.c\r\n\r\n.\r\n250-x\r\n250 y\r\n", random);
    const auto decode = [&input](std::size_t piece) {
      DotDecoder decoder(20);
      std::string content;
      for (std::size_t at = 0; at < input.size(); at += piece) {
        std::string_view rest = std::string_view{input}.substr(at, piece);
        const auto end = decoder.decode(rest, content);
        if (!end) return content + "!" + end.error().code;
        if (*end) return content + "!end";
      }
      return content;
    };
    EXPECT_EQ(decode(1), decode(input.size() + 1));
    EXPECT_EQ(decode(3), decode(input.size() + 1));
  }
}

TEST(SmtpNoise, HoldsNoMoreThanItsLimits) {
  ServerSession s;
  s.greeted().hello();
  std::size_t taken = 0;
  for (; taken < 100 && s.closes == 0; ++taken) s.say(std::string(1000, 'x'));
  EXPECT_LE(taken, 13U);  // one AUTH line's worth
}

}  // namespace
}  // namespace sluis::smtp::test
