#include "core/channel/customer.h"

#include <gtest/gtest.h>

namespace sluis {
namespace {

TEST(Customer, ReturnsGoPerFlowThenPerAuthorityThenByDefault) {
  Customer c;
  c.return_channels = {"drop"};
  c.return_by_flow = {{"douane/*", {"mail"}}, {"douane/uitvoer", {"api"}}};
  EXPECT_EQ(c.returns_for("douane/uitvoer"), std::vector<std::string>{"api"});
  EXPECT_EQ(c.returns_for("douane/vervoer"), std::vector<std::string>{"mail"});
  EXPECT_EQ(c.returns_for("nvwa/elogboek"), std::vector<std::string>{"drop"});
}

}  // namespace
}  // namespace sluis
