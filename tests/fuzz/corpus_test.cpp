// Every fuzz target over its corpus: the seeds, and each input that once broke a promise.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <ostream>
#include <string>
#include <vector>

#include "tests/fuzz/fuzz_input.h"

#define FUZZ_TARGET(name, symbol) extern "C" int symbol(const std::uint8_t* data, std::size_t size);
#include "fuzz_targets.inc"
#undef FUZZ_TARGET

namespace sluis::fuzz {
namespace {

struct Target {
  std::string name;
  int (*run)(const std::uint8_t*, std::size_t);
};
void PrintTo(const Target& target, std::ostream* out) {
  *out << target.name;
}

const std::vector<Target>& targets() {
  static const std::vector<Target> all{
#define FUZZ_TARGET(name, symbol) {#name, symbol},
#include "fuzz_targets.inc"
#undef FUZZ_TARGET
  };
  return all;
}

std::vector<std::filesystem::path> corpus(const Target& target) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(std::filesystem::path(SLUIS_CORPUS) / target.name))
    files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

std::string read(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

class FuzzCorpus : public testing::TestWithParam<Target> {
 protected:
  void run(const std::string& input, const std::string& what) {
    // A copy of exactly the input's size, so that a sanitizer sees a read behind it.
    const std::vector<std::uint8_t> octets(input.begin(), input.end());
    EXPECT_NO_THROW(GetParam().run(octets.data(), octets.size())) << what;
  }
};

TEST_P(FuzzCorpus, KeepsItsPromises) {
  const auto files = corpus(GetParam());
  ASSERT_FALSE(files.empty()) << "no seeds";
  for (const auto& file : files) run(read(file), file.filename().string());
}

TEST_P(FuzzCorpus, KeepsItsPromisesOnEveryPrefix) {
  for (const auto& file : corpus(GetParam())) {
    const std::string whole = read(file);
    const std::size_t step = whole.size() / 200 + 1;
    for (std::size_t size = 0; size < whole.size(); size += step)
      run(whole.substr(0, size), file.filename().string() + ", its first " + std::to_string(size) + " octets");
  }
}

std::string test_name(const testing::TestParamInfo<Target>& info) {
  std::string name = info.param.name;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Targets, FuzzCorpus, testing::ValuesIn(targets()), test_name);

}  // namespace
}  // namespace sluis::fuzz
