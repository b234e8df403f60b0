#include "core/net/http/gzip.h"

#include <gtest/gtest.h>

#include "core/runtime/random.h"

namespace sluis::test {
namespace {

using namespace net::http;

std::string noise(std::size_t size) {
  constexpr std::uint64_t seed = 7;
  SeededRandom random(seed);
  std::string bytes(size, '\0');
  for (char& c : bytes) c = static_cast<char>(random.below(64));
  return bytes;
}

std::string inflated_in_pieces(std::string_view compressed, std::size_t piece) {
  Inflater inflater;
  std::string out;
  while (!compressed.empty()) {
    inflater.feed(compressed.substr(0, piece));
    compressed.remove_prefix(std::min(piece, compressed.size()));
    for (;;) {
      const auto next = inflater.next();
      if (!next) return next.error().code;
      if (next->empty()) break;
      EXPECT_LE(next->size(), 64U * 1024);
      out += *next;
    }
  }
  return inflater.finish().ok() ? out : inflater.finish().error().code;
}

TEST(HttpGzip, GivesBackWhatWentIn) {
  const std::string plain = noise(1'000'000);
  EXPECT_LT(gzip(plain).size(), plain.size());
  EXPECT_TRUE(*gunzip(gzip(plain)) == plain);
  EXPECT_EQ(*gunzip(gzip("")), "");
}

TEST(HttpGzip, InflatesWhateverThePieces) {
  const std::string plain = noise(20'000);
  for (const std::size_t piece : {1, 2, 3, 100, 5000}) EXPECT_TRUE(inflated_in_pieces(gzip(plain), piece) == plain);
}

TEST(HttpGzip, TakesSeveralMembersAsOne) {
  EXPECT_EQ(inflated_in_pieces(gzip("one ") + gzip("") + gzip("two"), 1), "one two");
}

TEST(HttpGzip, SeesWhatIsCutOff) {
  const std::string whole = gzip("some text that is long enough");
  for (std::size_t size = 1; size < whole.size(); ++size)
    EXPECT_EQ(inflated_in_pieces(whole.substr(0, size), 1000), "http.gzip") << size;
}

TEST(HttpGzip, SeesDamage) {
  std::string damaged = gzip(noise(1000));
  damaged[damaged.size() - 6] ^= 1;  // CRC-32
  EXPECT_EQ(gunzip(damaged).error().code, "http.gzip");
  EXPECT_EQ(gunzip("no gzip at all").error().code, "http.gzip");
  EXPECT_EQ(gunzip(gzip("x") + "rubbish").error().code, "http.gzip");
}

TEST(HttpGzip, StopsABombByItsSize) {
  InflateLimits limits;
  limits.size = 100'000;
  limits.ratio_from = 1'000'000'000;
  EXPECT_EQ(gunzip(gzip(std::string(5'000'000, 'x')), limits).error().code, "http.gzip-size");
  EXPECT_TRUE(gunzip(gzip(std::string(100'000, 'x')), limits).ok());
}

TEST(HttpGzip, StopsABombByItsRatioBeforeItsSize) {
  Inflater inflater;
  const std::string bomb = gzip(std::string(50'000'000, '\0'));
  inflater.feed(bomb);
  std::size_t out = 0;
  for (;;) {
    const auto piece = inflater.next();
    if (!piece) {
      EXPECT_EQ(piece.error().code, "http.gzip-ratio");
      break;
    }
    ASSERT_FALSE(piece->empty());
    out += piece->size();
  }
  EXPECT_LE(out, 1024U * 1024 + 64 * 1024);
  EXPECT_FALSE(inflater.next().ok());
}

TEST(HttpGzip, FlushesWhatThePeerShallReadNow) {
  Deflater deflater;
  std::string wire;
  deflater.deflate("first", wire, true);
  Inflater inflater;
  inflater.feed(wire);
  EXPECT_EQ(*inflater.next(), "first");
}

}  // namespace
}  // namespace sluis::test
