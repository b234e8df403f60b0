#include "core/channel/conformance/suite.h"

#include <gtest/gtest.h>

#include "core/channel/conformance/bench.h"

namespace sluis::conformance {

namespace {

class CaseTest : public ::testing::Test {
 public:
  CaseTest(const Subject& subject, void (*body)(const Subject&)) : subject_(subject), body_(body) {}
  void TestBody() override { body_(subject_); }

 private:
  const Subject& subject_;
  void (*const body_)(const Subject&);
};

}  // namespace

std::shared_ptr<Delivery> Rig::delivery(const std::string&, const std::string&) {
  ADD_FAILURE() << "the subject has demands, but its rig makes no delivery";
  return nullptr;
}
std::vector<Copy> Rig::taken() {
  return {};
}
std::size_t Rig::hanging() {
  return 0;
}
void Rig::offer(const std::string&, const std::string&) {
  ADD_FAILURE() << "the subject receives, but its rig offers nothing";
}
std::size_t Rig::offered(const std::string&) {
  return 0;
}

bool add(Subject subject) {
  // Kept for the life of the process: the registered tests refer to it.
  static std::vector<std::unique_ptr<const Subject>> subjects;
  const Subject& kept = *subjects.emplace_back(std::make_unique<const Subject>(std::move(subject)));
  const std::string suite = kept.name + "Conformance";
  for (const auto& cases : {sending_cases(), receiving_cases(), lifetime_cases(), secrecy_cases()})
    for (const Case& one : cases) {
      if (!one.applies(kept)) continue;
      ::testing::RegisterTest(
          suite.c_str(), one.name, nullptr, nullptr, __FILE__, __LINE__,
          [&kept, body = one.body]() -> CaseTest* { return new CaseTest(kept, body); });  // GoogleTest owns it
    }
  return true;
}

}  // namespace sluis::conformance
