/* What every page needs: the language, how numbers and days are written, and the data files' two calls. */
(function () {
  'use strict';
  var KEY = 'egov-kpi-language';
  var root = document.documentElement;
  var receivers = {};
  var egov = (window.egov = { units: {} });

  /* A page opened from disk may have no store; then the choice goes along in the address. */
  function remembered() {
    var said = new URLSearchParams(location.search).get('lang');
    if (said === 'vi' || said === 'en') return said;
    try { return localStorage.getItem(KEY) === 'en' ? 'en' : 'vi'; } catch (refused) { return 'vi'; }
  }

  function remember(language) {
    try { localStorage.setItem(KEY, language); } catch (refused) { egov.forgets = true; }
  }

  function setLanguage(language) {
    root.lang = language;
    egov.language = language;
    document.querySelectorAll('[data-label-en]').forEach(function (element) {
      if (!element.dataset.labelVi) element.dataset.labelVi = element.getAttribute('aria-label');
      element.setAttribute('aria-label', language === 'en' ? element.dataset.labelEn : element.dataset.labelVi);
    });
    var title = document.querySelector('title');
    title.textContent = title.dataset[language];
    document.querySelectorAll('[data-since]').forEach(function (element) {
      element.textContent = egov.since(new Date(element.dataset.since));
    });
    if (egov.forgets) carryLanguage(language);
    document.dispatchEvent(new CustomEvent('egov:language'));
  }

  function carryLanguage(language) {
    document.querySelectorAll('nav a').forEach(function (link) { link.search = '?lang=' + language; });
  }

  egov.say = function (vi, en) { return egov.language === 'en' ? en : vi; };

  egov.number = function (value, digits) {
    if (value === null || value === undefined) return '–';
    var style = { maximumFractionDigits: digits === undefined ? 2 : digits };
    return new Intl.NumberFormat(egov.language === 'en' ? 'en-GB' : 'vi-VN', style).format(value);
  };

  /* 2023-03-06 as 06/03/2023, in both languages. */
  egov.day = function (iso) { return iso ? iso.split('-').reverse().join('/') : '–'; };

  /* How long ago that was, by the reader's clock. */
  egov.since = function (moment) {
    var hours = (Date.now() - moment.getTime()) / 3600000;
    var words = new Intl.RelativeTimeFormat(egov.language === 'en' ? 'en-GB' : 'vi-VN', { numeric: 'always' });
    if (hours < 1) return words.format(-Math.max(0, Math.round(hours * 60)), 'minute');
    return hours < 48 ? words.format(-Math.round(hours), 'hour') : words.format(-Math.round(hours / 24), 'day');
  };

  /* Data files call these two. */
  egov.index = function (told) { egov.contents = told; };
  egov.unit = function (publish, theme, agency, told) {
    var name = theme + '/' + agency;
    var waiting = receivers[name] || [];
    delete receivers[name];
    /* The site was replaced after this page was opened: its figures and these would be of two publishes. */
    var isOther = publish !== Number(root.dataset.publish);
    if (!isOther) egov.units[name] = told;
    waiting.forEach(function (one) {
      if (isOther) one.reject(new Error(egov.say('đã có bản công bố mới, hãy tải lại trang', 'there is a new publish, please reload the page')));
      else one.resolve(told);
    });
  };

  /* The figures of a unit: those at hand, else from its file. A page opened from disk may load scripts, nothing else. */
  egov.figures = function (theme, agency) {
    var name = theme + '/' + agency;
    return new Promise(function (resolve, reject) {
      if (egov.units[name]) { resolve(egov.units[name]); return; }
      (receivers[name] = receivers[name] || []).push({ resolve: resolve, reject: reject });
      var script = document.createElement('script');
      script.src = 'data/' + name + '.js';
      script.onerror = function () { reject(new Error(script.src)); };
      document.head.appendChild(script);
    });
  };

  root.lang = remembered();
  document.addEventListener('DOMContentLoaded', function () {
    var button = document.getElementById('language');
    button.hidden = false;
    button.addEventListener('click', function () {
      var other = egov.language === 'en' ? 'vi' : 'en';
      remember(other);
      setLanguage(other);
    });
    setLanguage(remembered());
  });
})();
