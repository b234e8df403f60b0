// Base64: one text for one value, both ways, and the lines of MIME say the same.
#include "core/runtime/base64.h"

#include "protocols/mime/transfer_encoding.h"
#include "tests/fuzz/fuzz_input.h"

using namespace sluis;
using namespace sluis::fuzz;

namespace {

std::string decode_lines(std::string_view lines) {
  mime::Base64Decoder decoder;
  mime::Strictness strict{mime::Tolerances::none(), {}};
  std::string out;
  while (!lines.empty()) {
    const std::size_t end = lines.find("\r\n");
    require(end != std::string_view::npos && end <= 76, "lines of at most 76 characters that end in CR LF");
    require(decoder.decode(lines.substr(0, end), out, strict).ok(), "what was encoded can be decoded");
    lines.remove_prefix(end + 2);
  }
  require(decoder.finish().ok(), "the encoder's last group is whole");
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input = text(data, size);
  const auto decoded = base64_decode(input);
  require(!decoded.ok() || base64_encode(*decoded) == input, "one text for one value");
  const auto back = base64_decode(base64_encode(input));
  require(back.ok() && *back == input, "decode(encode(x)) = x");

  mime::Base64Lines encoder;
  std::string lines = encoder.encode(input.substr(0, size / 3));
  lines += encoder.encode(input.substr(size / 3));
  lines += encoder.finish();
  require(lines.size() == mime::Base64Lines::encoded_size(size), "the size is known before the first octet");
  require(decode_lines(lines) == input, "MIME's lines carry the same octets");
  return 0;
}
