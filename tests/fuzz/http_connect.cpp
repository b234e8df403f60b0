// CONNECT, against a proxy that says anything, in pieces of any size.
#include "core/net/http_connect.h"

#include <algorithm>

#include "tests/fuzz/fuzz_input.h"

using namespace sluis;
using namespace sluis::fuzz;

namespace {

struct Reading {
  std::string code;  // empty: no end yet; "stands"; or the error's
  std::size_t taken = 0;
};

Reading read(std::string_view input, std::size_t piece) {
  Reading reading;
  auto dialogue =
      net::HttpConnect::make({"msa.example", 587}, {{"proxy.example", 3128}, "acme", Secret{"s3cret-word"}});
  while (!input.empty() && reading.code.empty()) {
    std::string_view bytes = input.substr(0, std::min(piece, input.size()));
    const std::size_t given = bytes.size();
    const auto done = dialogue->take(bytes);
    require(!done.ok() || *done || bytes.empty(), "what is not complete takes all it is given");
    reading.taken += given - bytes.size();
    input.remove_prefix(given - bytes.size());
    if (!done.ok()) {
      reading.code = done.error().code;
      require(reading.code == "net.proxy" || reading.code == "net.proxy.reply", "an error is a no or no HTTP");
      for (const char c : done.error().what) require(c >= 0x20, "a proxy's words forge no log line");
    } else if (*done) {
      reading.code = "stands";
    }
  }
  return reading;
}

}  // namespace

// The first octet is the size of the pieces.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view input = text(data + 1, size - 1);
  const Reading whole = read(input, input.size());
  const Reading pieces = read(input, data[0] % 64U + 1U);
  require(whole.code == pieces.code, "cuts change nothing");
  if (whole.code != "stands") return 0;
  require(whole.taken == pieces.taken && whole.taken <= net::HttpConnect::most_reply, "it ends where it ends");
  const std::string_view header = input.substr(0, whole.taken);
  require(header.starts_with("HTTP/1.") && header[9] == '2' && header.ends_with("\r\n\r\n"), "only 2xx opens a tunnel");
  require(is_canonical(header), "a header of whole lines");
  return 0;
}
