// sluis: the gateway and its command line.
#include "gateway/cli/program.h"

int main(int argc, char** argv) {
  sluis::gateway::Program program;
  return program.run(argc, argv);
}
