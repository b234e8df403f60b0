// Short words for conditions, routes and tables in tests.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <initializer_list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "routing/table.h"

namespace sluis::routing::tests {

using Kind = Condition::Kind;

inline Condition atom(Kind kind, std::string attribute, std::vector<std::string> values) {
  Condition c;
  c.kind = kind;
  c.attribute = std::move(attribute);
  c.values = std::move(values);
  c.place = {"routes.yaml", 3, 5};
  return c;
}
inline Condition is(std::string attribute, std::vector<std::string> values) {
  return atom(Kind::equals, std::move(attribute), std::move(values));
}
inline Condition glob(std::string attribute, std::vector<std::string> values) {
  return atom(Kind::glob, std::move(attribute), std::move(values));
}
inline Condition regex(std::string attribute, std::string value) {
  return atom(Kind::regex, std::move(attribute), {std::move(value)});
}
inline Condition present(std::string attribute, bool yes = true) {
  Condition c = atom(Kind::present, std::move(attribute), {});
  c.present = yes;
  return c;
}
inline Condition group(Kind kind, std::vector<Condition> children) {
  Condition c;
  c.kind = kind;
  c.children = std::move(children);
  c.place = {"routes.yaml", 3, 5};
  return c;
}
inline Condition all(std::vector<Condition> children) {
  return group(Kind::all, std::move(children));
}
inline Condition any(std::vector<Condition> children) {
  return group(Kind::any, std::move(children));
}
inline Condition none_of(std::vector<Condition> children) {
  return group(Kind::none_of, std::move(children));
}

inline Send to(std::string channel, std::string address = {}) {
  Send send;
  send.to = std::move(channel);
  send.address = std::move(address);
  send.place = {"routes.yaml", 4, 13};
  return send;
}

inline RouteSpec route(std::string name, Condition when, std::vector<Send> send = {to("digipoort")}) {
  static int line = 100;
  RouteSpec out;
  out.name = std::move(name);
  out.when = std::move(when);
  out.send = std::move(send);
  out.place = {"routes.yaml", ++line, 5};
  return out;
}

inline FlowSpec flow(std::string name, std::string authority, std::vector<Condition> recognise = {}) {
  static int line = 0;
  FlowSpec out;
  out.flow = std::move(name);
  out.authority = std::move(authority);
  out.recognise = std::move(recognise);
  out.place = {"flows.yaml", ++line, 5};
  return out;
}

inline std::shared_ptr<const Customer> customer(std::string id, std::vector<std::string> returns) {
  auto c = std::make_shared<Customer>();
  c->id = std::move(id);
  c->return_channels = std::move(returns);
  return c;
}

// A broker with one authority's channel in production and one in test, folders for customers in both, a feed that only
// receives, and two customers, of whom acme has an account of its own at the authority.
inline TableInput broker() {
  TableInput in;
  in.flows = {flow("douane/uitvoer", "Douane", {is("edifact.unh.type", {"CUSDEC", "CUSRES"})}),
              flow("nvwa/elogboek", "NVWA", {is("xml.root", {"NLERS"})}), flow("douane/proviandering", "Douane")};
  in.channels = {{"digipoort", Environment::production, false, true, true},
                 {"digipoort-test", Environment::test, false, true, true},
                 {"tulli", Environment::production, false, true, false},
                 {"drop", Environment::production, true, true, false},
                 {"drop-test", Environment::test, true, true, false},
                 {"feed", Environment::production, false, false, false}};
  in.customers = {customer("acme", {"drop", "drop-test"}), customer("bolt", {"drop"})};
  in.accounts = {{"digipoort", "acme"}, {"tulli", "acme"}, {"drop", "acme"}, {"drop", "bolt"}, {"drop-test", "acme"}};
  in.policies = {"default", "customs"};
  return in;
}

inline Message message(std::string from, std::string customer, Attributes attributes = {}) {
  Message m;
  m.from = std::move(from);
  m.customer = std::move(customer);
  m.attributes = std::move(attributes);
  return m;
}

inline std::vector<std::string> texts(const std::vector<LocatedError>& errors) {
  std::vector<std::string> out;
  for (const LocatedError& e : errors) out.push_back(e.text());
  return out;
}

// [Preconditions] the input has no faults; else the test fails here, with them.
inline std::shared_ptr<const CompiledRouting> compiled(TableInput input) {
  Compiled out = compile(std::move(input));
  for (const LocatedError& e : out.errors) ADD_FAILURE() << e.text();
  if (out.routing == nullptr) throw std::runtime_error("the table does not compile");
  return out.routing;
}

}  // namespace sluis::routing::tests
