// libyaml: what operators write by hand.
#ifndef MAYFLY_CYAML_SHIM_H
#define MAYFLY_CYAML_SHIM_H

#include <yaml.h>

#endif
