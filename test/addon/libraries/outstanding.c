// Answers with the number of responses that the stub library, whose path is the request, has not been given back.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "export.h"

typedef int (*Outstanding)(void);

#ifdef _WIN32
#include <windows.h>
static Outstanding find(const char* path) {
  wchar_t wide[1024];
  MultiByteToWideChar(CP_UTF8, 0, path, -1, wide, 1024);
  return (Outstanding)(void*)GetProcAddress(GetModuleHandleW(wide), "wxpayStubOutstanding");
}
#else
#include <dlfcn.h>
static Outstanding find(const char* path) {
  return (Outstanding)dlsym(dlopen(path, RTLD_NOW | RTLD_NOLOAD), "wxpayStubOutstanding");
}
#endif

int wxpayCallFaceService(const char* request, unsigned int request_size, char** response, unsigned int* response_size) {
  char path[1024] = {0};
  memcpy(path, request, request_size < sizeof path ? request_size : sizeof path - 1);
  *response = malloc(16);
  *response_size = (unsigned int)snprintf(*response, 16, "%d", find(path)());
  return 0;
}

void wxpayReleaseResponse(char** response) {
  free(*response);
  *response = NULL;
}
