#include "tests/routing/builders.h"
