// multipart/form-data: the same parts however the form is cut, and every octet of a part once.
#include "adapters/http/multipart.h"

#include <algorithm>
#include <vector>

#include "tests/fuzz/fuzz_input.h"

using namespace sluis;
using namespace sluis::fuzz;
using namespace sluis::http;

namespace {

struct Kept final : FormSink {
  std::vector<std::string> parts;
  std::size_t ended = 0, octets = 0;
  Status begin_part(FormPart part) override {
    require(ended == parts.size(), "a part begins when the one before has ended");
    parts.push_back(part.file_name + '\n' + part.media_type + '\n');
    return {};
  }
  Status data(std::string_view bytes) override {
    require(ended + 1 == parts.size(), "octets belong to the part that is open");
    parts.back() += bytes;
    octets += bytes.size();
    return {};
  }
  Status end_part() override {
    ++ended;
    return {};
  }
};

bool read(std::string_view form, std::size_t piece, Kept& kept) {
  MultipartReader reader("b", kept);
  const std::size_t size = form.size();
  while (!form.empty()) {
    if (!reader.feed(form.substr(0, piece))) return false;
    form.remove_prefix(std::min(piece, form.size()));
  }
  if (!reader.finish()) return false;
  require(kept.ended == kept.parts.size(), "a whole form has whole parts");
  require(kept.octets <= size, "no octet twice");
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view form = text(data, size);
  Kept whole;
  const bool good = read(form, size + 1, whole);
  for (const std::size_t piece : {1U, 2U, 3U, 7U}) {
    Kept cut;
    require(read(form, piece, cut) == good, "cutting decides nothing");
    require(!good || cut.parts == whole.parts, "cutting changes nothing");
  }
  return 0;
}
