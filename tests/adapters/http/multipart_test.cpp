#include "adapters/http/multipart.h"

#include <gtest/gtest.h>

#include <vector>

namespace sluis::http {
namespace {

struct Seen final : FormSink {
  struct One {
    FormPart head;
    std::string bytes;
    bool ended = false;
  };
  std::vector<One> parts;
  Status begin_part(FormPart part) override {
    parts.push_back({std::move(part), {}, false});
    return {};
  }
  Status data(std::string_view bytes) override {
    parts.back().bytes += bytes;
    return {};
  }
  Status end_part() override {
    parts.back().ended = true;
    return {};
  }
};

// The error's code, or "" when the form was read whole; in pieces of `size` octets.
std::string read(Seen& seen, std::string_view form, std::size_t size = 1'000'000) {
  MultipartReader reader("b", seen);
  while (!form.empty()) {
    if (Status fed = reader.feed(form.substr(0, size)); !fed) return fed.error().code;
    form.remove_prefix(std::min(size, form.size()));
  }
  const Status whole = reader.finish();
  return whole ? "" : whole.error().code;
}

constexpr std::string_view two_parts =
    "--b\r\nContent-Disposition: form-data; name=\"x\"; filename=\"é.txt\"\r\nContent-Type: text/plain\r\n\r\n"
    "line\r\n--bx\r\n-- b\r\n\r\n--b\r\n\r\nsecond\r\n--b--\r\nepilogue";

TEST(Multipart, IsTheSameHoweverItIsCut) {
  for (std::size_t size = 1; size < two_parts.size(); ++size) {
    Seen seen;
    // A boundary with more behind it is no boundary to us and one to others: refused, in every cut.
    EXPECT_EQ(read(seen, two_parts, size), "multipart.syntax") << size;
  }
  std::string form(two_parts);
  form.replace(form.find("--bx"), 4, "--ax");
  for (std::size_t size = 1; size < form.size(); ++size) {
    Seen seen;
    ASSERT_EQ(read(seen, form, size), "") << size;
    ASSERT_EQ(seen.parts.size(), 2U) << size;
    EXPECT_EQ(seen.parts[0].head.file_name, "é.txt");
    EXPECT_EQ(seen.parts[0].head.media_type, "text/plain");
    EXPECT_EQ(seen.parts[0].bytes, "line\r\n--ax\r\n-- b\r\n") << size;
    EXPECT_EQ(seen.parts[1].bytes, "second") << size;
    EXPECT_TRUE(seen.parts[1].ended);
  }
}

TEST(Multipart, APartMayBeEmpty) {
  Seen seen;
  EXPECT_EQ(read(seen, "--b\r\n\r\n\r\n--b--"), "");
  ASSERT_EQ(seen.parts.size(), 1U);
  EXPECT_EQ(seen.parts[0].bytes, "");
  EXPECT_TRUE(seen.parts[0].ended);
}

TEST(Multipart, WhatReadersMayUnderstandDifferentlyIsRefused) {
  const auto code = [](std::string_view form) {
    Seen seen;
    return read(seen, form);
  };
  EXPECT_EQ(code("preamble\r\n--b\r\n\r\nx\r\n--b--"), "multipart.syntax");
  EXPECT_EQ(code("--b \r\n\r\nx\r\n--b--"), "multipart.syntax");
  EXPECT_EQ(code("--b\r\n\r\nx\r\n--b"), "multipart.end");
  EXPECT_EQ(code("--b\r\nContent-Transfer-Encoding: base64\r\n\r\neA==\r\n--b--"), "multipart.header");
  EXPECT_EQ(code("--b\r\nX: " + std::string(10'000, 'x')), "multipart.header");
  EXPECT_EQ(code(""), "multipart.end");
}

}  // namespace
}  // namespace sluis::http
