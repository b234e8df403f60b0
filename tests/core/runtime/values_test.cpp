// Secret, digests, base64, packing, metrics.
#include <gtest/gtest.h>

#include <type_traits>

#include "core/runtime/base64.h"
#include "core/runtime/digest.h"
#include "core/runtime/metrics.h"
#include "core/runtime/packing.h"
#include "core/runtime/random.h"
#include "core/runtime/secret.h"

namespace sluis {
namespace {

template <class T>
concept Printable = requires(std::ostream& out, const T& value) { out << value; };

TEST(Secret, HasNoOutputOperatorAndNoConversion) {
  static_assert(!Printable<Secret>);
  static_assert(!std::is_convertible_v<Secret, std::string>);
  static_assert(!std::is_convertible_v<Secret, std::string_view>);
  EXPECT_EQ(Secret{"hush"}.reveal(), "hush");
}

TEST(Secret, ComparesWholeValues) {
  const Secret secret{"correct horse"};
  EXPECT_TRUE(secret.equals("correct horse"));
  EXPECT_FALSE(secret.equals("correct"));
  EXPECT_FALSE(secret.equals("correct horse battery"));
  EXPECT_FALSE(secret.equals("correct Horse"));
}

TEST(Secret, IsEmptyAfterItWasMovedFrom) {
  Secret a{"short"};
  const Secret b = std::move(a);
  EXPECT_TRUE(a.empty());   // NOLINT(bugprone-use-after-move): the promise under test
  EXPECT_EQ(b.reveal(), "short");
}

TEST(Digest, Sha256OfTheKnownVector) {
  EXPECT_EQ(to_hex(sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  Sha256Stream stream;
  stream.update("a");
  stream.update("bc");
  EXPECT_EQ(stream.finish(), sha256("abc"));
}

TEST(Digest, Crc32cOfTheKnownVector) { EXPECT_EQ(crc32c("123456789"), 0xE3069283U); }

TEST(Base64, RoundTripsEveryLength) {
  SeededRandom random(4);
  for (std::size_t n = 0; n < 200; ++n) {
    std::string bytes(n, '\0');
    random.fill({reinterpret_cast<std::uint8_t*>(bytes.data()), n});
    EXPECT_EQ(*base64_decode(base64_encode(bytes)), bytes);
  }
}

TEST(Base64, RefusesWhatHasTwoReadings) {
  for (const char* text : {"A", "AA", "AAA", "AA=A", "====", "A===", "AB==", "AAB=", "AA==AAAA", "AAAA\n", " AAA", "AA-_"})
    EXPECT_FALSE(base64_decode(text).ok()) << text;
}

TEST(Packing, ReadsWhatItWroteAndNothingBeyond) {
  Packer packer;
  packer.number(0);
  packer.number(300);
  packer.text("sluis");
  packer.number(UINT64_MAX);
  const std::string bytes = std::move(packer).bytes();
  Unpacker unpacker(bytes);
  EXPECT_EQ(unpacker.number(), 0U);
  EXPECT_EQ(unpacker.number(), 300U);
  EXPECT_EQ(unpacker.text(), "sluis");
  EXPECT_EQ(unpacker.number(), UINT64_MAX);
  EXPECT_TRUE(unpacker.finished());
  unpacker.number();
  EXPECT_FALSE(unpacker.good());
}

TEST(Packing, ATextLongerThanTheBytesIsRefused) {
  Unpacker unpacker("\x7F" "abc");
  EXPECT_EQ(unpacker.text(), "");
  EXPECT_FALSE(unpacker.good());
}

TEST(Packing, ANumberHasOneForm) {
  const std::string nine_more(9, '\x80');
  for (const std::string& bytes : {std::string("\x80\x00", 2), std::string("\x81\x80\x00", 3), nine_more + '\x02'}) {
    Unpacker unpacker(bytes);
    unpacker.number();
    EXPECT_FALSE(unpacker.good());
  }
}

TEST(Metrics, TheSameNameAndLabelsAreTheSameCounter) {
  Metrics metrics;
  metrics.counter("sluis_test_total", "test", {{"channel", "a"}}).add();
  metrics.counter("sluis_test_total", "test", {{"channel", "a"}}).add(2);
  metrics.counter("sluis_test_total", "test", {{"channel", "b"}}).add();
  const std::string text = metrics.render();
  EXPECT_NE(text.find("sluis_test_total{channel=\"a\"} 3"), std::string::npos) << text;
  EXPECT_NE(text.find("sluis_test_total{channel=\"b\"} 1"), std::string::npos) << text;
}

}  // namespace
}  // namespace sluis
