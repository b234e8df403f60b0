// The suite over the model channel: without a mistake every test passes. mistakes_test.py runs it with each mistake
// (SLUIS_MISTAKE) and looks which tests notice.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <stdexcept>

#include "core/channel/conformance/suite.h"
#include "core/channel/conformance/test_context.h"
#include "tests/core/channel/conformance/parcel_channel.h"

namespace sluis::conformance::tests {
namespace {

class ParcelRig final : public Rig {
 public:
  ParcelRig() { parcel_surroundings().office = office_; }
  ChannelConfig config() override {
    ChannelConfig config;
    config.name = "parcels";
    config.kind = "parcels";
    config.settings = default_settings(parcel_plugin()->adapter()->kinds()[0].settings);
    return config;
  }
  std::shared_ptr<const Account> account(const std::string& customer) override { return parcel_account(customer); }
  void behave(Demand demand) override { office_->behave(demand); }
  std::shared_ptr<Delivery> delivery(const std::string& customer, const std::string& body) override {
    return sluis::tests::make_delivery(customer, {sluis::tests::make_part(body, "text/plain", "")});
  }
  std::vector<Copy> taken() override { return office_->taken(); }
  std::size_t hanging() override { return office_->hanging(); }
  void offer(const std::string& customer, const std::string& body) override { office_->put(customer, body); }
  std::size_t offered(const std::string& customer) override { return office_->letters(customer).size(); }

 private:
  const std::shared_ptr<ParcelOffice> office_ = std::make_shared<ParcelOffice>();  // shared with the channel, see there
};

Mistake told_mistake() {
  const char* const told = std::getenv("SLUIS_MISTAKE");
  const auto at =
      std::find(mistake_names.begin(), mistake_names.end(), std::string_view(told != nullptr ? told : "none"));
  if (at == mistake_names.end()) throw std::invalid_argument("SLUIS_MISTAKE names no mistake");
  return static_cast<Mistake>(at - mistake_names.begin());
}

const bool added = [] {
  parcel_surroundings().mistake = told_mistake();
  return add({.name = "Model",
              .plugin = parcel_plugin(),
              .kind = "parcels",
              .demands = {Demand::take, Demand::refuse_for_good, Demand::refuse_for_now, Demand::refuse_account,
                          Demand::refuse_everyone, Demand::need_a_human, Demand::lose_the_answer, Demand::hang},
              .receives = true,
              .rig = [] { return std::make_unique<ParcelRig>(); }});
}();

}  // namespace
}  // namespace sluis::conformance::tests
